DATE_FORMAT = "Y-m-d"
SHORT_DATE_FORMAT = "m-d"
MONTH_DAY_FORMAT = "m-d"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "Y-m-d H:i"
SHORT_DATETIME_FORMAT = "m-d H:i"
# Sums are grouped as on the bank's and the tax office's papers.
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
