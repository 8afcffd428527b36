//===- Fault.cpp - Faults as text -----------------------------------------===//

#include "Check/Fault.h"

#include <cstdio>

using namespace raddle::vgpu;

const char *raddle::vgpu::faultClassName(FaultClass faultClass) {
  static constexpr const char *kNames[] = {
      "none",          "out-of-bounds", "misaligned",  "use-after-free",
      "uninitialized", "race-shared",   "race-global", "divergent-barrier",
      "barrier-count", "bad-mask",      "bad-operand", "illegal-instruction",
      "trap",          "assert",        "timeout",     "stack-overflow",
      "bad-mbarrier"};
  return kNames[static_cast<unsigned>(faultClass)];
}

static std::string triple(const uint32_t (&v)[3]) {
  return "(" + std::to_string(v[0]) + "," + std::to_string(v[1]) + "," +
         std::to_string(v[2]) + ")";
}

static std::string hex(uint64_t value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "0x%llx",
                static_cast<unsigned long long>(value));
  return buffer;
}

std::string Fault::text() const {
  std::string result = std::string(faultClassName(faultClass)) + ": " +
                       message + ": kernel '" + kernel + "', PTX line " +
                       std::to_string(ptxLine);
  if (!source.empty())
    result += " (" + source + ")";
  result += ", block " + triple(block) + ", thread " + triple(thread);
  if (hasAddress)
    result += ", address " + hex(address);
  if (!allocation.empty())
    result += ", " + allocation;
  if (!other.empty())
    result += "; " + other;
  return result;
}

static std::string quoted(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
      result += buffer;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string Fault::json() const {
  auto list = [](const uint32_t (&v)[3]) {
    return "[" + std::to_string(v[0]) + "," + std::to_string(v[1]) + "," +
           std::to_string(v[2]) + "]";
  };
  return "{\"class\":" + quoted(faultClassName(faultClass)) +
         ",\"message\":" + quoted(message) + ",\"kernel\":" + quoted(kernel) +
         ",\"ptx_line\":" + std::to_string(ptxLine) +
         ",\"source\":" + quoted(source) + ",\"block\":" + list(block) +
         ",\"thread\":" + list(thread) +
         ",\"address\":" + (hasAddress ? quoted(hex(address)) : "null") +
         ",\"allocation\":" + quoted(allocation) +
         ",\"other\":" + quoted(other) + "}";
}
