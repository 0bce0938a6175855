"""Query parameters that endpoints share, and fields that name a token."""

from assay.tokenmetrics.types import Field, Missing, Parameter
from assay.tokenmetrics.values import integer, text

LIMIT = Parameter("limit", "Rows a page, 1 to 1,000; left out: 50.", kind="integer")
PAGE = Parameter(
    "page",
    "0 and 1 are the first page, 2 the second; with the key in `api_key`, 1 is the second.",
    kind="integer",
)
PAGED = (LIMIT, PAGE)
TOKEN_ID = Parameter("token_id", "Ids, separated by commas.")
SYMBOL = Parameter("symbol", "Symbols, separated by commas.")
TOKEN_NAME = Parameter("token_name", "Names, separated by commas.")
START = Parameter("startDate", "First day, YYYY-MM-DD; also `start_date`.")
END = Parameter("endDate", "Last day, included; also `end_date`.")
DATES = (START, END)
CATEGORY = Parameter("category", "Sectors of published indices, separated by commas.")
EXCHANGE = Parameter("exchange", "Venues, separated by commas.")
MARKETCAP = Parameter("marketcap", "Least market cap in US dollars.")
VOLUME = Parameter("volume", "Least volume of the newest day in US dollars.")
FDV = Parameter("fdv", "Least fully diluted valuation: no such facts, so nothing passes.")
FILTERS = (CATEGORY, EXCHANGE, MARKETCAP, VOLUME, FDV)
NAMED = (TOKEN_ID, SYMBOL, TOKEN_NAME)
TOKENS = (*NAMED, *DATES, *FILTERS, *PAGED)

ID_FIELD = Field("TOKEN_ID", "integer", integer("token_id"), "registry", Missing.DROP)
NAME_FIELD = Field("TOKEN_NAME", "string", text("name"), "registry")
SYMBOL_FIELD = Field("TOKEN_SYMBOL", "string", text("symbol"), "registry")
TOKEN_FIELDS = (ID_FIELD, NAME_FIELD, SYMBOL_FIELD)
