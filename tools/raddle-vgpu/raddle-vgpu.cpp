//===- raddle-vgpu.cpp - The virtual GPU from the shell -------------------===//

#include "Run.h"

#include "Isa/Table.h"

#include <CLI/CLI.hpp>

using namespace raddle::vgpu;

int main(int argc, char **argv) {
  CLI::App app{"Runs PTX on a virtual GPU"};
  bool list = false;
  app.add_flag("--list-instructions", list,
               "Print the table of instructions and exit");

  RunOptions run;
  CLI::App *runApp = app.add_subcommand("run", "Run one kernel of a PTX file");
  runApp->add_option("file", run.file, "The PTX file")->required();
  runApp->add_option("--entry", run.entry,
                     "The kernel; not needed when there is only one");
  runApp->add_option("--grid", run.grid, "Blocks: x,y,z")->delimiter(',');
  runApp->add_option("--block", run.block, "Threads per block: x,y,z")
      ->delimiter(',');
  runApp->add_option("--shared", run.shared, "Bytes of dynamic shared memory");
  runApp->add_option("--gpu", run.gpu, "The GPU, a file of lib/Machines")
      ->capture_default_str();
  runApp
      ->add_option("--arg", run.arguments,
                   "An argument, in order: in:TYPE:FILE, inout:TYPE:FILE:OUT,"
                   " out:TYPE:COUNT:FILE, TYPE:VALUE, ptr:N+BYTES, bytes:HEX,"
                   " bytes:@FILE")
      ->allow_extra_args(false);
  runApp
      ->add_option("--global", run.globals,
                   "Fill a variable of the module: NAME:FILE")
      ->allow_extra_args(false);
  runApp
      ->add_option("--checks", run.checks,
                   "none, all, or a list of mem, init, race, sync")
      ->capture_default_str();
  runApp
      ->add_option("--mma", run.mma,
                   "Tensor-core accumulation: hw, exact or fast")
      ->capture_default_str();
  runApp->add_option("--schedule", run.schedule,
                     "Order of warps: order, or random:SEED");
  runApp->add_option("--faults", run.faults, "Write a fault as JSON");
  runApp->add_option("--profile", run.profile, "Write counters as JSON");
  runApp->add_option("--threads", run.threads, "Threads of the host, 0: all");
  runApp->add_option("--timeout", run.timeout,
                     "Seconds until a fault, 0: none");

  ExecOptions exec;
  exec.self = argv[0];
  CLI::App *execApp = app.add_subcommand(
      "exec", "Run a program with the virtual GPU as its CUDA driver");
  execApp->add_option("--gpu", exec.gpu, "The GPUs, separated by commas");
  execApp->add_option("--checks", exec.checks, "As for run");
  execApp->add_option("--mma", exec.mma, "As for run");
  execApp->add_option("--faults", exec.faults,
                      "Append each fault as a line of JSON");
  execApp->add_option("--profile", exec.profile,
                      "Write the counters of all launches as JSON");
  execApp->add_option("command", exec.command, "Program and arguments")
      ->required();
  execApp->positionals_at_end();
  app.require_subcommand(0, 1);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    return app.exit(e) ? 1 : 0;
  }
  if (list) {
    std::fputs(listInstructions().c_str(), stdout);
    return 0;
  }
  if (*runApp)
    return runKernel(run);
  if (*execApp)
    return runProgram(exec);
  std::fputs(app.help().c_str(), stdout);
  return 1;
}
