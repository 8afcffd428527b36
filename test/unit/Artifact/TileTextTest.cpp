//===- TileTextTest.cpp - lines of a kernel's text and their roles --------===//

#include "raddle/Artifact/TileText.h"

#include <gtest/gtest.h>

using namespace raddle;

namespace {

const char *text = "func.func @k0() {\n"
                   "  %0 = tile.load %p[%o]\n"
                   "  return\n"
                   "}\n"
                   "// roles: lines, operation of the group, what\n"
                   "// 2 0 graph.gather: load of input 1\n"
                   "// not a role\n"
                   "// 3-4 -1 graph.norm\n"
                   "// 7";

TEST(TileText, FindsLines) {
  EXPECT_EQ(lineOfText(text, 2), "%0 = tile.load %p[%o]");
  EXPECT_EQ(lineOfText(text, 9), "// 7");
  EXPECT_EQ(lineOfText(text, 0), "");
  EXPECT_EQ(lineOfText(text, 10), "");
}

TEST(TileText, FindsRoles) {
  auto load = roleOfLine(text, 2);
  ASSERT_TRUE(load);
  EXPECT_EQ(load->operation, 0);
  EXPECT_EQ(load->name, "graph.gather");
  EXPECT_EQ(load->part, "load of input 1");
  EXPECT_EQ(load->str(), "// 2 0 graph.gather: load of input 1");
  auto norm = roleOfLine(text, 4);
  ASSERT_TRUE(norm);
  EXPECT_EQ(norm->str(), "// 3-4 -1 graph.norm");
  EXPECT_FALSE(roleOfLine(text, 1));
  EXPECT_FALSE(roleOfLine(text, 7));
  EXPECT_FALSE(roleOfLine("// 1 0 graph.norm", 1));
}

} // namespace
