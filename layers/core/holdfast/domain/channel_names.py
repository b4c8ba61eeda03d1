"""The marketplaces, by the names they have in paths and ids."""

CHANNELS = ("shopee", "lazada", "tiktok_shop", "tiki", "haravan", "shopify", "woocommerce")
