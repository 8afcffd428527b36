def Graph_@CLASS@ : Graph_Encoding<"@NAME@", "@MNEMONIC@"> {
  let summary = "@SUMMARY@";
  let description = [{
    Say here how an element follows from the components. As it stands the
    elements are stored as they are.

    Component: `data`.

    Example: `#graph.@MNEMONIC@`.
  }];
  // With parameters, remove these two lines and write parse, print and verify.
  let hasCustomAssemblyFormat = 0;
  let genVerifyDecl = 0;
}

