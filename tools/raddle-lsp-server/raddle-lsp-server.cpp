//===- raddle-lsp-server.cpp - Editors' view of our IR --------------------===//
//
// MLIR's language server over our dialects. It knows operations, values and
// aliases but neither types nor attributes, so a relay in front of it adds how
// tensors are stored to what it shows.
//
//===----------------------------------------------------------------------===//
#include "Relay.h"
#include "dialects/Register.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

/// Runs the relay as the parent of the server, which is what returns.
static void startRelay(const mlir::DialectRegistry &registry) {
  int toServer[2], fromServer[2];
  if (::pipe(toServer) != 0 || ::pipe(fromServer) != 0) {
    llvm::errs() << "raddle-lsp-server: error: cannot make a pipe\n";
    std::exit(1);
  }
  pid_t server = ::fork();
  if (server < 0) {
    llvm::errs() << "raddle-lsp-server: error: cannot start the server\n";
    std::exit(1);
  }
  if (server == 0) {
    ::dup2(toServer[0], STDIN_FILENO);
    ::dup2(fromServer[1], STDOUT_FILENO);
    for (int end : {toServer[0], toServer[1], fromServer[0], fromServer[1]})
      ::close(end);
    return;
  }
  ::close(toServer[0]);
  ::close(fromServer[1]);
  // A server that is gone is noticed by its closed side.
  std::signal(SIGPIPE, SIG_IGN);
  raddle::HoverExplainer explainer(registry);
  raddle::relayMessages({stdin, stdout, ::fdopen(fromServer[0], "rb"),
                         ::fdopen(toServer[1], "wb")},
                        explainer);
  int status = 1;
  ::waitpid(server, &status, 0);
  // The thread that waits for the editor is not waited for.
  std::fflush(stdout);
  std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  raddle::registerAllRaddleDialects(registry);
  // Tests of the server itself speak another form of messages.
  bool plain = llvm::any_of(
      llvm::ArrayRef(argv + 1, argc - 1), [](llvm::StringRef argument) {
        llvm::StringRef name = argument.ltrim('-').split('=').first;
        return name == "lit-test" || name == "input-style" || name == "help" ||
               name == "version";
      });
  if (!plain)
    startRelay(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
