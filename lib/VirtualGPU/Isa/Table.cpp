//===- Table.cpp - Matching opcodes against the instruction table ---------===//

#include "Isa/Table.h"

#include "Isa/Rows.h"
#include "Ptx/ParserImpl.h"

#include <algorithm>
#include <unordered_map>

using namespace raddle::vgpu;

const std::vector<Row> &raddle::vgpu::allRows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> rows;
    addIntegerRows(rows);
    addFloatRows(rows);
    addMoveRows(rows);
    addMemoryRows(rows);
    addWarpRows(rows);
    addClusterRows(rows);
    addWgmmaRows(rows);
    // Rows of one mnemonic keep their order: the first that fits is taken.
    std::vector<size_t> order(rows.size());
    for (size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      int c = std::string_view(rows[a].name).compare(rows[b].name);
      return c ? c < 0 : a < b;
    });
    std::vector<Row> sorted;
    for (size_t i : order)
      sorted.push_back(rows[i]);
    return sorted;
  }();
  return kRows;
}

static Mod modOf(std::string_view name) {
  static const std::unordered_map<std::string_view, Mod> kMods = [] {
    std::unordered_map<std::string_view, Mod> mods;
    // Suffixes that are words of C++ have an underscore in the enumeration.
    auto add = [&](std::string_view name, Mod mod) {
      if (name.back() == '_')
        name.remove_suffix(1);
      mods[name] = mod;
    };
    // "::" is written as two underscores.
    mods["shared::cluster"] = Mod::shared__cluster;
    mods["mbarrier::complete_tx::bytes"] = Mod::mbarrier__complete_tx__bytes;
    mods["multicast::cluster"] = Mod::multicast;
    for (auto [name, mod] : {std::pair("1d", Mod::d1), std::pair("2d", Mod::d2),
                             std::pair("3d", Mod::d3), std::pair("4d", Mod::d4),
                             std::pair("5d", Mod::d5)})
      mods[name] = mod;
#define X(name) add(#name, Mod::name);
    RADDLE_PTX_MODS(X)
#undef X
    return mods;
  }();
  auto it = kMods.find(name);
  return it == kMods.end() ? Mod::Count : it->second;
}

/// Suffixes with '::' as the table writes them.
static std::string_view canonical(std::string_view suffix) {
  if (suffix == "shared::cta")
    return "shared";
  if (suffix == "to::shared" || suffix == "shared::cluster")
    return suffix;
  if (suffix == "param::entry" || suffix == "param::func")
    return "param";
  if (suffix.substr(0, 4) == "L1::" || suffix.substr(0, 4) == "L2::" ||
      suffix == "unified")
    return "hint";
  return suffix;
}

namespace {
struct Groups {
  struct Group {
    std::vector<std::string_view> names;
    bool optional = false;
    bool repeated = false;
  };
  std::vector<Group> modifiers;
  std::vector<std::vector<Type>> types;

  explicit Groups(const Row &row) {
    auto split = [](std::string_view text, char at, auto f) {
      while (!text.empty()) {
        size_t end = std::min(text.find(at), text.size());
        if (end)
          f(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
      }
    };
    split(row.modifiers, ' ', [&](std::string_view group) {
      Group g;
      if (group.back() == '*')
        g.optional = g.repeated = true;
      if (group.back() == '?')
        g.optional = true;
      if (g.optional)
        group.remove_suffix(1);
      split(group, '|',
            [&](std::string_view name) { g.names.push_back(name); });
      modifiers.push_back(std::move(g));
    });
    split(row.types, ';', [&](std::string_view position) {
      std::vector<Type> list;
      split(position, ' ', [&](std::string_view name) {
        list.push_back(parseTypeName(name));
      });
      types.push_back(std::move(list));
    });
  }
};
} // namespace

/// Matches one row; on failure `blame` is the suffix that did not fit.
static bool matchRow(const Groups &groups,
                     const std::vector<std::string_view> &suffixes, Form &form,
                     std::string &blame) {
  std::vector<bool> used(groups.modifiers.size());
  for (std::string_view suffix : suffixes) {
    bool found = false;
    for (size_t g = 0; g < groups.modifiers.size() && !found; ++g) {
      const auto &group = groups.modifiers[g];
      if (used[g] && !group.repeated)
        continue;
      if (std::find(group.names.begin(), group.names.end(), suffix) ==
          group.names.end())
        continue;
      used[g] = true;
      found = true;
      if (Mod mod = modOf(suffix); mod != Mod::Count)
        form.set(mod);
    }
    if (found)
      continue;
    Type type = parseTypeName(suffix);
    if (type != Type::None && form.numTypes < groups.types.size()) {
      const auto &list = groups.types[form.numTypes];
      if (std::find(list.begin(), list.end(), type) != list.end()) {
        form.type[form.numTypes++] = type;
        continue;
      }
    }
    blame = "'." + std::string(suffix) + "' does not fit";
    return false;
  }
  if (form.numTypes != groups.types.size()) {
    blame = "a type is missing";
    return false;
  }
  for (size_t g = 0; g < used.size(); ++g)
    if (!used[g] && !groups.modifiers[g].optional) {
      blame = "one of";
      for (std::string_view name : groups.modifiers[g].names)
        blame += " '." + std::string(name) + "'";
      blame += " is missing";
      return false;
    }
  return true;
}

const Row *raddle::vgpu::matchOpcode(std::string_view opcode, Form &form,
                                     std::string &error) {
  static const std::vector<Groups> kGroups = [] {
    std::vector<Groups> all;
    for (const Row &row : allRows())
      all.emplace_back(row);
    return all;
  }();
  const std::vector<Row> &rows = allRows();
  size_t dot = opcode.find('.');
  std::string_view base = opcode.substr(0, dot);
  std::vector<std::string_view> suffixes;
  bool layoutSeen = false;
  uint16_t columns = 0;
  while (dot != std::string_view::npos) {
    size_t end = opcode.find('.', dot + 1);
    std::string_view suffix = canonical(opcode.substr(
        dot + 1, end == std::string_view::npos ? end : end - dot - 1));
    // The second layout is that of B.
    if (suffix == "row" || suffix == "col") {
      if (layoutSeen)
        suffix = suffix == "row" ? "brow" : "bcol";
      layoutSeen = true;
    }
    // m64n128k16: the columns are a number.
    if (suffix.substr(0, 4) == "m64n") {
      const size_t k = suffix.find('k');
      unsigned n = 0;
      for (size_t i = 4; i < std::min(k, suffix.size()); ++i)
        n = suffix[i] >= '0' && suffix[i] <= '9' && n < 1000
                ? 10 * n + static_cast<unsigned>(suffix[i] - '0')
                : 1000;
      static constexpr const char *kShapes[] = {"m64k8", "m64k16", "m64k32",
                                                "m64k256"};
      if (k != std::string_view::npos && n && n % 8 == 0 && n <= 256)
        for (const char *shape : kShapes)
          if (suffix.substr(k) == shape + 3) {
            suffix = shape;
            columns = static_cast<uint16_t>(n);
            break;
          }
    }
    suffixes.push_back(suffix);
    dot = end;
  }
  auto it = std::lower_bound(
      rows.begin(), rows.end(), base,
      [](const Row &row, std::string_view name) { return row.name < name; });
  if (it == rows.end() || it->name != base) {
    error = "unknown instruction '" + std::string(opcode) + "'";
    return nullptr;
  }
  std::string blame;
  for (; it != rows.end() && it->name == base; ++it) {
    Form candidate;
    candidate.sem = it->sem;
    candidate.n = columns;
    std::string why;
    if (matchRow(kGroups[it - rows.begin()], suffixes, candidate, why)) {
      form = candidate;
      return &*it;
    }
    if (blame.empty())
      blame = why;
  }
  error = "unknown form '" + std::string(opcode) + "' of instruction '" +
          std::string(base) + "': " + blame;
  return nullptr;
}

const char *raddle::vgpu::pipeName(Pipe pipe) {
  static constexpr const char *kNames[] = {
      "int",   "fp32",   "fp16",   "fp64", "special", "convert", "load",
      "store", "shared", "tensor", "warp", "control", "barrier", "move"};
  static_assert(sizeof(kNames) / sizeof(*kNames) ==
                static_cast<unsigned>(Pipe::Count));
  return kNames[static_cast<unsigned>(pipe)];
}

std::string raddle::vgpu::listInstructions() {
  std::string text;
  for (const Row &row : allRows()) {
    text += row.name;
    std::string_view modifiers = row.modifiers;
    while (!modifiers.empty()) {
      size_t end = std::min(modifiers.find(' '), modifiers.size());
      std::string_view group = modifiers.substr(0, end);
      modifiers.remove_prefix(std::min(end + 1, modifiers.size()));
      bool optional = group.back() == '?' || group.back() == '*';
      if (optional)
        group.remove_suffix(1);
      bool choice = group.find('|') != std::string_view::npos;
      text += optional ? "{." : choice ? ".(" : ".";
      for (size_t at = 0; at < group.size(); ++at)
        if (group.compare(at, 4, "brow") && group.compare(at, 4, "bcol"))
          text += group[at]; // the layout of B without its mark
      text += optional ? "}" : choice ? ")" : "";
    }
    std::string_view types = row.types;
    while (!types.empty()) {
      size_t end = std::min(types.find(';'), types.size());
      std::string list(types.substr(0, end));
      types.remove_prefix(std::min(end + 1, types.size()));
      std::replace(list.begin(), list.end(), ' ', '|');
      text += ".(" + list + ")";
    }
    text += std::string("  pipe=") + pipeName(row.pipe) +
            " ptx=" + std::to_string(row.ptx / 10) + "." +
            std::to_string(row.ptx % 10) + " sm=" + std::to_string(row.sm) +
            (row.onlyArchitecture ? "a\n" : "\n");
  }
  return text;
}
