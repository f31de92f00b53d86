//! Word lists: invented people, projects, file names. All of it made up for this project.

use chrono_tz::Tz;

/// Where people live: time zone, country, language of their chat, share in a hundred.
pub(super) const ZONES: &[(Tz, &str, &str, u32)] = &[
    (Tz::Europe__Berlin, "DE", "de", 34),
    (Tz::America__New_York, "US", "en", 20),
    (Tz::Europe__London, "GB", "en", 8),
    (Tz::Asia__Tokyo, "JP", "ja", 8),
    (Tz::America__Sao_Paulo, "BR", "pt", 9),
    (Tz::Europe__Paris, "FR", "fr", 7),
    (Tz::Europe__Madrid, "ES", "es", 6),
    (Tz::Asia__Kolkata, "IN", "en", 5),
    (Tz::Europe__Warsaw, "PL", "en", 3),
];

/// First names.
pub(super) const FIRST: &[&str] = &[
    "Anna", "Jonas", "Mira", "Felix", "Lena", "Paul", "Nora", "Tobias", "Klara", "Emil", "Grace", "Owen", "Harper", "Miles", "Ruby",
    "Caleb", "Tessa", "Wyatt", "Ivy", "Dean", "Yuki", "Haruto", "Sakura", "Ren", "Aoi", "Kaito", "Mei", "Sora", "Joana", "Thiago", "Bruna",
    "Caio", "Lia", "Rafael", "Clara", "Davi", "Camille", "Hugo", "Manon", "Louis", "Chloe", "Axel", "Lucia", "Pablo", "Carmen", "Diego",
    "Elena", "Priya", "Arjun", "Anika", "Rohan", "Divya", "Kavya", "Zofia", "Jan", "Maja", "Oskar", "Hanna", "Leo", "Ida", "Ines", "Marco",
    "Sofia", "Nils", "Vera", "Theo", "Amira", "Samir",
];

/// Family names.
pub(super) const LAST: &[&str] = &[
    "Adler", "Brandt", "Conrad", "Dietz", "Ebner", "Falk", "Gruber", "Hartwig", "Imhof", "Jansen", "Keller", "Lorenz", "Moser", "Neumann",
    "Oswald", "Pohl", "Reuter", "Seidel", "Thoma", "Ulrich", "Vogt", "Wirth", "Zeller", "Abbott", "Bishop", "Carver", "Dalton", "Ellis",
    "Fletcher", "Garner", "Hayes", "Irwin", "Jarvis", "Kemp", "Lowell", "Mercer", "Nolan", "Osborne", "Porter", "Quinn", "Rhodes",
    "Sawyer", "Turner", "Vance", "Walsh", "Yates", "Abe", "Endo", "Fujita", "Goto", "Hayashi", "Ishii", "Kondo", "Maeda", "Nakano",
    "Ogawa", "Sakai", "Takeda", "Ueda", "Wada", "Almeida", "Barros", "Cardoso", "Duarte", "Esteves", "Fonseca", "Gomes", "Lacerda",
    "Moraes", "Nunes", "Prado", "Rocha", "Teixeira", "Vieira", "Arnaud", "Blanc", "Colin", "Dupuis", "Fabre", "Girard", "Lambert",
    "Marchand", "Perrin", "Renard", "Vidal", "Bravo", "Castro", "Delgado", "Fuentes", "Ibarra", "Molina", "Ortega", "Rivas", "Soler",
    "Bhatt", "Desai", "Iyer", "Joshi", "Kapoor", "Menon", "Nair", "Rao", "Sethi", "Verma", "Baran", "Dudek", "Kowal", "Lis", "Nowak",
    "Sikora",
];

/// Project names: birds and stones, since every company does that.
pub(super) const PROJECTS: &[&str] = &[
    "plover", "curlew", "osprey", "dunlin", "merlin", "siskin", "avocet", "linnet", "gannet", "puffin", "kestrel", "wigeon", "basalt",
    "gneiss", "marble", "opal", "quartz", "slate", "topaz", "zircon", "agate", "beryl", "flint", "jasper",
];

/// What work is about.
pub(super) const TOPICS: &[&str] = &[
    "invoice",
    "roadmap",
    "budget",
    "contract",
    "onboarding",
    "release-notes",
    "forecast",
    "offer",
    "architecture",
    "survey",
    "minutes",
    "training",
    "inventory",
    "pricing",
    "retrospective",
    "layout",
    "benchmark",
    "proposal",
    "schedule",
    "checklist",
    "brochure",
    "handover",
    "test-report",
    "org-chart",
    "travel-plan",
    "specification",
    "mockup",
    "interview",
    "risk-list",
    "customer-list",
    "datasheet",
    "launch-plan",
];

/// File endings with a MIME type and a typical size in bytes.
pub(super) const FILE_TYPES: &[(&str, &str, u64)] = &[
    ("pdf", "application/pdf", 420_000),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", 90_000),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 150_000),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", 2_400_000),
    ("png", "image/png", 310_000),
    ("csv", "text/csv", 60_000),
    ("zip", "application/zip", 5_200_000),
    ("md", "text/markdown", 9_000),
    ("jpg", "image/jpeg", 850_000),
    ("txt", "text/plain", 4_000),
];

/// Browsers.
pub(super) const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36 Edg/133.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
];

/// Slack's own apps.
pub(super) const SLACK_APPS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
     Slack/4.42.120 Chrome/132.0.0.0 Electron/34.1.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) \
     Slack/4.42.120 Chrome/132.0.0.0 Electron/34.1.0 Safari/537.36",
    "com.tinyspeck.chatlyio/25.02.10 (iPhone; iOS 18.3; Scale/3.00)",
];

/// What people look for in documents.
pub(super) const SEARCHES: &[&str] = &[
    "travel expenses form",
    "org chart 2026",
    "plover roadmap",
    "holiday calendar",
    "brand colours",
    "onboarding checklist",
    "quarterly forecast",
    "price list",
    "parental leave",
    "meeting room",
    "customer survey results",
    "release notes",
    "supplier contract",
    "vpn setup guide",
    "printer driver",
    "signature template",
    "canteen menu",
    "works council",
    "launch plan",
    "risk list",
    "interview questions",
    "architecture diagram",
    "purchase order",
    "expense limits",
    "parking",
    "safety training",
    "press release draft",
    "style guide",
    "datasheet",
    "backlog",
    "Reisekosten",
    "Urlaubsantrag",
    "Gehaltsabrechnung Erklärung",
    "nota fiscal modelo",
    "経費精算",
    "note de frais",
];

/// Searches by which somebody hunts for credentials.
pub(super) const CREDENTIAL_SEARCHES: &[&str] = &[
    "password",
    "passwords.xlsx",
    "admin password",
    "root password",
    "api key",
    "apikey",
    "api key production",
    "secret key",
    "access key",
    "aws credentials",
    "credentials",
    "private key",
    "id_rsa",
    "ssh key",
    "vpn login",
    "vpn password",
    "wifi password",
    "database password",
    "db credentials",
    "connection string",
    "client secret",
    "bearer token",
    "access token",
    "github token",
    "slack token",
    "keepass",
    "kdbx",
    "service account key",
    "login data",
    "login credentials",
    "domain admin password",
    "backup password",
    "sudo password",
    "Passwort",
    "Zugangsdaten",
    "Kennwort server",
    "senha",
    "mot de passe",
    "contraseña",
    "パスワード",
];

/// Credential-ish searches that IT makes in its ordinary work.
pub(super) const BENIGN_CREDENTIAL_SEARCHES: &[&str] = &[
    "password policy",
    "password reset procedure",
    "api key rotation guide",
    "vpn login help page",
    "token lifetime decision",
    "how to use the password safe",
];

/// Unremarkable last parts of company words that make a passphrase guessable: nobody's matcher should need them.
pub(super) const DICTIONARY: &[&str] = &["sunshine", "summer", "monday", "coffee", "welcome", "football", "flower", "banana"];
