"""People's lists of companies: CSV in any dialect and encoding, Excel, Parquet, JSON; read into rows of cells."""

from resources.company_lists.left_out import LeftOutRows, safe_cell, write_left_out
from resources.company_lists.reader import read_list
from resources.company_lists.spool import Spool
from resources.company_lists.tables import ListTable, UnreadableList

__all__ = ["LeftOutRows", "ListTable", "Spool", "UnreadableList", "read_list", "safe_cell", "write_left_out"]
