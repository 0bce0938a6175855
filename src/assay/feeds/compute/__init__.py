"""Pure arithmetic of live markets: books, prices, bars and the offset of clocks."""
