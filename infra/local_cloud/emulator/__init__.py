"""ministack with the gaps closed that payhook would fall into: one module per gap, each says what AWS does and the stock version does not."""
