//===- Report.cpp - What a compilation made -------------------------------===//

#include "HostProgramExport.h"
#include "raddle/Pipelines/Phases.h"
#include "raddle/Target/Ptxas.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace raddle;

namespace {
struct KernelRow {
  unsigned launches = 0;
  std::string grid;
  std::vector<std::string> nodes;
};

/// Counts launches in all nested blocks.
void visit(const host::Block &block, std::vector<KernelRow> &rows) {
  for (const host::Statement &statement : block) {
    if (auto *launch = std::get_if<host::Launch>(&statement.op)) {
      KernelRow &row = rows[launch->kernel];
      if (row.launches++ == 0)
        row.grid = launch->grid[0].str();
      row.nodes.insert(row.nodes.end(), launch->nodes.begin(),
                       launch->nodes.end());
    } else if (auto *branch = std::get_if<host::If>(&statement.op)) {
      visit(branch->thenBlock, rows);
      visit(branch->elseBlock, rows);
    } else if (auto *loop = std::get_if<host::Loop>(&statement.op)) {
      visit(loop->body, rows);
    } else if (auto *loop = std::get_if<host::While>(&statement.op)) {
      visit(loop->before, rows);
      visit(loop->body, rows);
    }
  }
}
} // namespace

LogicalResult raddle::writeReport(ModuleOp module,
                                  const CompileOptions &options, bool json,
                                  llvm::raw_ostream &os) {
  std::vector<ProgramConstant> constants;
  auto program = exportHostProgram(module, constants);
  if (failed(program))
    return failure();
  std::vector<KernelRow> rows(program->kernels.size());
  visit(program->body, rows);
  auto reasonOf = [&](const host::Kernel &kernel) {
    auto inner = module.lookupSymbol<ModuleOp>(kernel.module);
    auto reason =
        inner ? inner->getAttrOfType<StringAttr>("tile.reason") : StringAttr();
    return reason ? reason.getValue() : StringRef();
  };
  auto ptxas = target::findPtxas();
  // Figures of the assembler by target, then kernel.
  std::map<std::string, std::map<std::string, target::AssembledKernel>> figures;
  if (ptxas)
    for (const std::string &target : options.targets) {
      auto kernels = emitKernels(module, target, options.cache);
      if (failed(kernels))
        return failure();
      for (auto &[name, text] : *kernels) {
        std::string error;
        auto assembled = target::assemblePtx(*ptxas, text, target, error);
        if (!assembled)
          return module.emitError("ptxas refuses kernel '")
                 << name << "' for " << target << ": " << error;
        figures[target][name] = std::move(*assembled);
      }
    }
  if (json) {
    llvm::json::OStream out(os, 1);
    out.array([&] {
      for (auto [kernel, row] : llvm::zip(program->kernels, rows))
        out.object([&, &kernel = kernel, &row = row] {
          out.attribute("name", kernel.name);
          out.attribute("launches", int64_t(row.launches));
          out.attribute("grid", row.grid);
          out.attribute("block", kernel.block[0]);
          out.attribute("shared", kernel.shared);
          out.attribute("parameters", kernel.variant);
          out.attribute("policy", reasonOf(kernel));
          out.attributeArray("nodes", [&] {
            for (const std::string &node : row.nodes)
              out.value(node);
          });
          if (ptxas)
            out.attributeObject("targets", [&] {
              for (auto &[target, byKernel] : figures)
                out.attributeObject(target, [&, &byKernel = byKernel] {
                  const auto &figure = byKernel[kernel.module];
                  out.attribute("registers", int64_t(figure.registers));
                  out.attribute("spill_bytes", int64_t(figure.spillBytes));
                });
            });
        });
    });
    os << '\n';
    return success();
  }
  os << llvm::format("%-24s %8s %6s %8s", "kernel", "launches", "block",
                     "shared");
  for (auto &[target, byKernel] : figures)
    os << llvm::format(" %6s %6s", (target + " regs").c_str(), "spills");
  os << "  grid; parameters; policy\n";
  for (auto [kernel, row] : llvm::zip(program->kernels, rows)) {
    os << llvm::format("%-24s %8u %6lld %8lld", kernel.name.c_str(),
                       row.launches, (long long)kernel.block[0],
                       (long long)kernel.shared);
    for (auto &[target, byKernel] : figures) {
      const auto &figure = byKernel[kernel.module];
      os << llvm::format(" %10u %6u", figure.registers, figure.spillBytes);
    }
    os << "  " << row.grid << "; " << kernel.variant << "; " << reasonOf(kernel)
       << '\n';
  }
  if (!ptxas)
    os << "registers and spills are not known: ptxas was not found\n";
  return success();
}
