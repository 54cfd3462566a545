"""Pages: controllers, forms, page contexts. A handler calls one service and renders or redirects."""
