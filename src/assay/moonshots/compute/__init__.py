"""Pure computations of the moonshots room."""
