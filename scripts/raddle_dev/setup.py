"""`dev setup`: everything a fresh Debian 12 machine needs, each piece once.

Every step has a stamp in the cache that is named after a fingerprint of what
the step depends on, so a second run only looks at stamps.
"""

import hashlib
import os
import shutil
import subprocess
import tomllib
import zipfile

from . import paths
from .process import DevError, lock, run

MODELS_DIR = paths.SCRIPTS / "models"


def wanted_packages(group=None):
    """The packages of dev-packages.txt: those of everyone, or of one group."""
    names = []
    for line in (paths.REPO / "dev-packages.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words and (words[1] if len(words) > 1 else None) == group:
            names.append(words[0])
    return names


def missing_packages(names):
    query = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
                           capture_output=True, text=True)
    installed = {line.split()[0] for line in query.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def as_root(*command):
    if os.geteuid() == 0:
        return list(command)
    if not shutil.which("sudo"):
        raise DevError(f"'{command[0]}' needs root: run as root or install sudo")
    return ["sudo", *command]


def apt_update():
    run("apt update", as_root("apt-get", "update"), log=paths.LOGS / "apt-update.log")


def install_packages(group=None):
    """Installs what is missing of a group of Debian packages."""
    missing = missing_packages(wanted_packages(group))
    if not missing:
        return
    apt_update()
    run(f"apt install ({len(missing)} packages)",
        as_root("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y",
                "--no-install-recommends", *missing),
        log=paths.LOGS / "apt-install.log")
    if missing := missing_packages(missing):
        raise DevError(f"apt-get succeeded but these packages are still missing: {' '.join(missing)}")


def make_venv(name, system_packages=False):
    """The Python environment of `scripts/requirements/<name>.txt`, by hash."""
    folder = paths.venv(name)
    if (folder / "done").exists():
        return folder / "bin" / "python"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    create = ["/usr/bin/python3", "-m", "venv", folder]
    run(f"python environment '{name}'", create + (["--system-site-packages"] if system_packages else []),
        log=paths.LOGS / f"venv-{name}.log")
    run(f"python packages of '{name}'",
        [folder / "bin" / "python", "-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--require-hashes",
         "--disable-pip-version-check", "-r", paths.SCRIPTS / "requirements" / f"{name}.txt"],
        log=paths.LOGS / f"pip-{name}.log")
    if name == "ptxas":
        found = sorted(folder.glob("lib/python3*/site-packages/nvidia/**/bin/ptxas"))
        if not found:
            raise DevError("the pinned nvidia-cuda-nvcc wheel holds no 'bin/ptxas'")
        found[0].chmod(0o755)
        (folder / "bin" / "ptxas").symlink_to(found[0])
    (folder / "done").touch()
    return folder / "bin" / "python"


class Stamp:
    def __init__(self, name, *parts):
        self.path = paths.STAMPS / f"{name}-{paths.fingerprint(*parts)}"

    def fresh(self, files):
        return self.path.exists() and all((paths.MODELS / f).exists() for f in files)

    def set(self):
        paths.STAMPS.mkdir(parents=True, exist_ok=True)
        self.path.touch()


def check_sha256(path, expected):
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise DevError(f"'{path.name}': expected SHA-256 {expected}, found {found}")


def place(source, target):
    """Moves a file or folder into the models folder, replacing what is there."""
    target = paths.MODELS / target
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(source, target)


def extract_zip(archive, members, folder):
    """Extracts members (a name that ends in '/' means all below it)."""
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
        for member in members:
            found = [n for n in names if n == member or (member.endswith("/") and n.startswith(member))]
            if not found:
                raise DevError(f"'{archive.name}' holds no '{member}'")
            for name in found:
                file.extract(name, folder)


def fetch_wheel(name, entry, work):
    requirement = work / "requirement.txt"
    requirement.write_text(f"{entry['package']} --hash=sha256:{entry['sha256']}\n")
    run(f"download {entry['package']}",
        [paths.python(), "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes",
         "--disable-pip-version-check", "-d", work, "-r", requirement], log=paths.LOGS / f"download-{name}.log")
    archive = next(work.glob("*.whl"))
    if "zip" in entry:
        extract_zip(archive, [entry["zip"]], work)
        archive = work / entry["zip"]
    extract_zip(archive, entry["files"].values(), work / "x")


def fetch_deb(name, entry, work):
    download = ["apt-get", "download", entry["package"]]
    log = paths.LOGS / f"download-{name}.log"
    try:
        run(f"download {entry['package']}", download, cwd=work, log=log)
    except DevError:
        apt_update()  # a fresh machine has no package lists
        run(f"download {entry['package']}", download, cwd=work, log=log)
    archive = next(work.glob("*.deb"))
    check_sha256(archive, entry["sha256"])
    run(f"unpack {archive.name}", ["dpkg", "-x", archive, work / "x"], log=paths.LOGS / f"unpack-{name}.log")


def fetch(kind, name, entry):
    files = entry["files"]
    stamp = Stamp(f"{kind}-{name}", sorted((k, str(v)) for k, v in entry.items()))
    if stamp.fresh(files):
        return
    work = paths.CACHE / "work" / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (fetch_wheel if kind == "wheel" else fetch_deb)(name, entry, work)
    for target, member in files.items():
        place(work / "x" / member, target)
    shutil.rmtree(work)
    stamp.set()


def make(name, entry, pins):
    script = MODELS_DIR / entry["script"]
    requirements = paths.SCRIPTS / "requirements" / f"{entry['environment']}.txt"
    stamp = Stamp(f"make-{name}", script, requirements, [pins[need]["sha256"] for need in entry["needs"]])
    if stamp.fresh(entry["makes"]):
        return
    if entry["environment"] == "export":
        install_packages("models")
    interpreter = make_venv(entry["environment"], system_packages=entry["environment"] == "export")
    run(f"make {', '.join(entry['makes'])}", [interpreter, script, paths.MODELS],
        log=paths.LOGS / f"make-{name}.log", env={**os.environ, "OMP_NUM_THREADS": "1"})
    for file in entry["makes"]:
        if not (paths.MODELS / file).exists():
            raise DevError(f"'{script.name}' made no '{file}'")
    stamp.set()


def read_models():
    with open(MODELS_DIR / "models.toml", "rb") as file:
        return tomllib.load(file)


def setup_models(only=None):
    """Fetches and makes test models; `only` names the wheels that suffice."""
    table = read_models()
    pins = {**table["wheel"], **table["deb"]}
    paths.MODELS.mkdir(parents=True, exist_ok=True)
    for kind in ("wheel", "deb"):
        for name, entry in table[kind].items():
            if only is None or name in only:
                fetch(kind, name, entry)
    if only is None:
        for name, entry in table["make"].items():
            make(name, entry, pins)


def setup(models=None, packages=True):
    """All of it; `models` restricts the test models (a list of downloads)."""
    with lock(paths.CACHE / ".setup-lock", "'dev setup'"):
        if packages:
            install_packages()
        make_venv("tools")
        make_venv("ptxas")
        setup_models(models)
