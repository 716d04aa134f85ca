"""The report on vendors: what each brought, at what price, how it changed, and what doing without it would cost.

warehouse + backtest -> vendor_figures -> charts (SVG) -> one page that needs nothing besides itself
"""
