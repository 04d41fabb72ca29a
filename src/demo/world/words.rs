//! The names that fill the seeded world.

pub(super) const FIRST_NAMES: &[&str] = &[
    "Ada", "Amira", "Björn", "Chloé", "Daniel", "Edsger", "Fatima", "Grace", "Hiro", "Inés", "Jörg", "Katalin", "Liam",
    "Mei", "Noor", "Olga", "Paweł", "Quinn", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wanda", "Yuki", "Zoë",
];
pub(super) const LAST_NAMES: &[&str] = &[
    "Almeida",
    "Bauer",
    "Chen",
    "Dubois",
    "Eriksson",
    "Fernández",
    "Garcia",
    "Hopper",
    "Ivanova",
    "Janssen",
    "Kowalski",
    "Lovelace",
    "Müller",
    "Novák",
    "Okafor",
    "Petrov",
    "Rossi",
    "Sato",
    "Tanaka",
    "Ueda",
    "Virtanen",
    "Weiss",
];
pub(super) const CITIES: &[&str] = &[
    "Berlin",
    "Lisboa",
    "Kraków",
    "München",
    "Paris",
    "Rotterdam",
    "Stockholm",
    "Tallinn",
    "Wien",
    "Zürich",
    "Łódź",
    "Malmö",
];
pub(super) const STREETS: &[&str] = &[
    "Lindenweg",
    "Rua Augusta",
    "Hauptstraße",
    "Rue de la Paix",
    "Kerkstraat",
    "Storgatan",
    "ul. Długa",
    "Bahnhofstr.",
];
pub(super) const COUNTRIES: &[&str] = &["DE", "FR", "PL", "NL", "SE", "AT", "PT", "CH", "EE"];
pub(super) const PRODUCTS: &[&str] = &[
    "espresso machine",
    "desk lamp",
    "wool blanket",
    "trail shoes",
    "paper notebook",
    "steel bottle",
    "usb-c hub",
    "rain jacket",
    "chess set",
    "cast iron pan",
    "noise-cancelling headphones",
    "bicycle bell",
    "garden hose",
];
pub(super) const PATHS: &[&str] = &[
    "/",
    "/search",
    "/cart",
    "/checkout",
    "/account/orders",
    "/product/1042",
    "/product/88",
    "/product/3311",
    "/sale",
    "/help/returns",
    "/login",
];
pub(super) const AGENTS: &[&str] = &[
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "shop-android/8.14.2",
    "shop-ios/8.13.0",
];
pub(super) const CARRIERS: &[&str] = &["dhl", "dpd", "gls", "postnl", "ups"];
pub(super) const WAREHOUSES: &[&str] = &["BER1", "LIS2", "RTM1", "WAW3"];
pub(super) const HOSTS: &[&str] =
    &["web-01", "web-02", "web-03", "api-01", "api-02", "worker-01", "worker-02", "db-01"];
pub(super) const SERVICES: &[&str] = &["checkout", "catalog", "payments", "search", "accounts", "shipping"];
