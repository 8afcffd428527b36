"""Configuration of the lit tests: `lit build/`, or `lit build/dialects/Graph`
for one folder. The build tree has a lit.site.cfg.py that says where it is."""

import os

import lit.formats
import lit.util

config.name = "Raddle"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".ptx"]
config.excludes = ["Inputs", "examples", "CMakeLists.txt", "README.md", "docs", "scripts", "lib", "include", "python", "cmake",
                   "lit.cfg.py"]
config.excludes += [name for name in os.listdir(config.raddle_source_dir)
                    if name.startswith(("build", ".")) or name == "shared"]
config.test_source_root = config.raddle_source_dir
config.test_exec_root = config.raddle_build_dir

path = [os.path.join(config.raddle_build_dir, "bin"), config.llvm_tools_dir, config.environment.get("PATH", "")]
config.environment["PATH"] = os.pathsep.join(path)
config.environment["RADDLE_PTXAS"] = config.ptxas
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
# A test never reads or fills the person's own kernel cache.
config.environment["RADDLE_CACHE_DIR"] = os.path.join(config.raddle_build_dir, "test-kernel-cache")

config.substitutions += [
    ("%source_dir", config.raddle_source_dir),
    ("%build_dir", config.raddle_build_dir),
    ("%models", config.models),
    ("%python", config.python),
    ("%ptxas", config.ptxas),
    ("%make_onnx", f"{config.python} {config.raddle_source_dir}/scripts/make_onnx.py"),
]

# A tool that is not built must fail its tests, not skip them; so the only
# features are the pieces that `dev setup` fetches.
if os.access(config.ptxas, os.X_OK):
    config.available_features.add("ptxas")
if os.path.exists(os.path.join(config.models, "minilm_int8.onnx")):
    config.available_features.add("models")
if os.access(config.python, os.X_OK):
    config.available_features.add("onnx")
if config.enable_compiler:
    config.available_features.add("compiler")
else:
    config.excludes += ["dialects", "Import", "Pipelines", "Reference"]
