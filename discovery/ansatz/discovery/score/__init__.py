"""Numbers about one formula on one problem: description length, uncertainty of constants, values to compare."""
