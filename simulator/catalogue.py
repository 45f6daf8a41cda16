"""What the simulated company sells, to whom and how it names things."""

from __future__ import annotations

TIERS = ("SMB", "Mid-Market", "Enterprise")
TIER_SHARES = (0.58, 0.30, 0.12)
SEATS_MEDIAN = (6.0, 18.0, 70.0)
USERS_MEDIAN = (3.2, 7.0, 17.0)

INDUSTRIES = (
    ("Logistics", 0.13),
    ("Retail", 0.16),
    ("Manufacturing", 0.17),
    ("Healthcare", 0.11),
    ("Financial Services", 0.12),
    ("Education", 0.07),
    ("Media", 0.08),
    ("Energy", 0.06),
    ("Public Sector", 0.04),
    ("Travel", 0.06),
)
#: country, share, hours east of UTC, tax rate, currency that a part of its accounts pays in.
COUNTRIES = (
    ("US", 0.42, -6, 0.05, "USD"),
    ("GB", 0.13, 0, 0.20, "GBP"),
    ("DE", 0.12, 1, 0.19, "EUR"),
    ("FR", 0.08, 1, 0.20, "EUR"),
    ("NL", 0.05, 1, 0.21, "EUR"),
    ("CA", 0.07, -5, 0.05, "USD"),
    ("AU", 0.05, 10, 0.10, "USD"),
    ("SE", 0.03, 1, 0.25, "USD"),
    ("IN", 0.03, 5, 0.18, "USD"),
    ("BR", 0.02, -3, 0.10, "USD"),
)
LOCAL_CURRENCY_SHARE = 0.55
UNITS_PER_USD = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79}
CURRENCIES = ("USD", "EUR", "GBP")

PLANS = ("Starter", "Team", "Business", "Enterprise")
PLAN_PRICE_USD = (19.0, 35.0, 59.0, 85.0)  # a seat and month
INTERVALS = ("month", "quarter", "year")
INTERVAL_MONTHS = (1, 3, 12)
INTERVAL_SHARES = ((0.68, 0.12, 0.20), (0.35, 0.20, 0.45), (0.06, 0.14, 0.80))  # by tier

FEATURES = (
    "dashboards",
    "report_builder",
    "search",
    "alerts",
    "data_import",
    "data_export",
    "api_access",
    "scheduled_reports",
    "sharing",
    "comments",
    "forecasting",
    "segments",
    "custom_fields",
    "integrations",
    "audit_log",
    "mobile_app",
)
FEATURE_CATEGORIES = (
    "reporting", "reporting", "reporting", "monitoring", "data", "data", "data", "reporting", "collaboration", "collaboration",
    "analysis", "analysis", "administration", "data", "administration", "access",
)  # fmt: skip
#: feature -> share of the window after which it came out; all others were there before
RELEASED_INSIDE = {"forecasting": 0.15, "mobile_app": 0.4}
FEATURE_PLANS = {"audit_log": "Business,Enterprise", "api_access": "Team,Business,Enterprise"}
CORE_FEATURES = 3  # everybody has these; the others come in an order of the account's own
ROLES = ("admin", "analyst", "manager", "viewer", "developer")
ROLE_SHARES = (0.14, 0.26, 0.2, 0.32, 0.08)

#: channel, share of visits, utm_source, utm_medium, referrer
CHANNELS = (
    ("organic_search", 0.28, None, None, "https://search.example/"),
    ("paid_search", 0.16, "searchads", "cpc", "https://search.example/"),
    ("direct", 0.20, None, None, None),
    ("newsletter", 0.09, "newsletter", "email", None),
    ("social", 0.10, "worknet", "social", "https://worknet.example/feed"),
    ("partner", 0.08, "partnerhub", "referral", "https://partnerhub.example/listing"),
    ("referral", 0.09, None, None, "https://trade-review.example/top-tools"),
)
CAMPAIGNS = ("spring", "always_on", "launch", "webinar", "year_end")
MARKETING_PAGES = (
    ("/", "Home"),
    ("/pricing", "Pricing"),
    ("/product", "Product"),
    ("/customers", "Customers"),
    ("/blog/reporting-checklist", "A checklist for reporting"),
    ("/blog/first-thirty-days", "The first thirty days"),
    ("/demo", "Ask for a demo"),
    ("/docs", "Documentation"),
)

NAME_COLOURS = (
    "Blue",
    "Amber",
    "Silver",
    "Crimson",
    "Ivory",
    "Cobalt",
    "Russet",
    "Jade",
    "Slate",
    "Golden",
    "Pale",
    "Umber",
)
NAME_THINGS = (
    "Heron", "Harbour", "Lantern", "Orchard", "Quarry", "Summit", "Meadow", "Anchor", "Falcon", "Bridge", "Willow", "Compass",
    "Granite", "Thistle", "Beacon", "Otter", "Cedar", "Mill", "Plover", "Saddle", "Tide", "Warren",
)  # fmt: skip
NAME_ENDINGS = (
    "Logistics",
    "Foods",
    "Works",
    "Partners",
    "Systems",
    "Supply",
    "Group",
    "Labs",
    "Media",
    "Trading",
    "Health",
    "Energy",
)

TICKET_CATEGORIES = ("how_to", "bug", "billing", "access", "performance", "feature_request")
TICKET_PRIORITIES = ("low", "normal", "high", "urgent")
FAILURE_CODES = ("card_declined", "insufficient_funds", "expired_card", "processing_error")
COMMENTS_GOOD = (
    "Saves us hours every week",
    "The new reports are great, thank you",
    "Works as it should",
    'Our team calls it "the cockpit"',
    "Support answered quickly",
)
COMMENTS_FAIR = (
    "Good, but the price went up",
    "Fine for reports, weak for forecasts",
    "Hard to find the export",
    "It is OK, setup took long",
)
COMMENTS_POOR = (
    "Reports load slowly on Mondays",
    "Still waiting for an answer to our ticket",
    "Too expensive, too little use",
    "Errors again this month, please fix",
)
