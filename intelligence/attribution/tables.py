"""The tables of the attribution step."""

SCHEMA = "attribution"
TABLES = {
    "channel_weights": (
        "conversion_name varchar, attribution_model varchar, channel_group varchar, weight double, removal_effect double, "
        "conversions double, value_usd double, standard_error double"
    )
}
