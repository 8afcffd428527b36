"""The command line of `./dev`."""

import argparse
import sys

from .process import DevError


def parser():
    top = argparse.ArgumentParser(prog="dev", description="Set up, build, test and try Raddle.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, help, **extra):
        return commands.add_parser(name, help=help, description=help, **extra)

    add("help", "print this text")
    add("setup", "install what is missing: Debian packages, Python environments, test models")
    one = add("build", "set up and build")
    one.add_argument("targets", nargs="*", help="ninja targets (default: all)")
    one.add_argument("--preset", default="default", help="a configure preset of CMakePresets.json")
    one = add("test", "set up, build and run all tests")
    one.add_argument("filter", nargs="?", help="a regular expression that test names must match")
    one.add_argument("--no-build", action="store_true", help="test the tree as it is built")
    one = add("demo", "compile a sentence encoder and run it on the virtual GPU")
    one.add_argument("sentences", nargs="*", metavar="SENTENCE", help="sentences to compare (default: four)")
    add("lint", "check formatting and the conventions that a program can check")
    one = add("fuzz", "build and run the libFuzzer targets")
    one.add_argument("minutes", nargs="?", type=float, default=2.0, help="minutes in all (default: 2)")
    one = add("bench", "run a benchmark of scripts/bench and print its table")
    one.add_argument("name", metavar="NAME")
    one.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help="arguments of the benchmark")
    one = add("docs", "make the generated pages of docs/ anew")
    one.add_argument("--check", action="store_true", help="only say which pages are out of date")
    one = add("new", "make the files to start from")
    one.add_argument("kind", choices=["pass", "op", "encoding"])
    one.add_argument("name", metavar="NAME", help="a pass '<dialect>-<verb>-<object>', an operation 'some_name', "
                     "an encoding 'some_name'")
    one.add_argument("--family", default="index", help="of an operation: the family of its file (default: index)")
    return top


def main(arguments):
    top = parser()
    options = top.parse_args(arguments or ["help"])
    if options.command == "help":
        top.print_help()
        return 0
    from . import build, setup
    if options.command == "setup":
        setup.setup()
    elif options.command == "build":
        setup.setup(models=())
        build.build(options.targets, options.preset, None if options.preset == "default" else paths_of(options.preset))
    elif options.command == "test":
        from . import tests
        return tests.test(options.filter, build_first=not options.no_build)
    elif options.command == "demo":
        from . import demo
        demo.demo(options.sentences)
    elif options.command == "lint":
        from . import lint
        setup.install_packages()
        lint.lint()
    elif options.command == "fuzz":
        from . import fuzz
        fuzz.fuzz(options.minutes)
    elif options.command == "docs":
        from . import docs
        docs.docs(options.check)
    elif options.command == "new":
        from . import new
        new.new(options.kind, options.name, options.family)
    elif options.command == "bench":
        from . import bench
        bench.bench(options.name, options.arguments)
    return 0


def paths_of(preset):
    from . import paths
    return paths.REPO / f"build-{preset}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DevError as error:
        print(f"dev: error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
