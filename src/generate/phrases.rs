//! Sentences of a working day, in several languages, with slots that [`super::texts`] fills. Written for this project.
//!
//! Slots: `{name}` a first name, `{project}`, `{topic}`, `{file}`, `{n}` a number, `{time}` of day, `{day}` of the week, `{link}`,
//! `{hash}` a commit, `{uuid}`, `{ticket}`.

/// English, for everybody.
pub(super) const ENGLISH: &[&str] = &[
    "Morning all, I am looking at {project} first and then at the {topic}.",
    "Can somebody take over the {topic} call at {time}? I am double-booked.",
    "{name}, did you get a chance to read the draft? No hurry, {day} is fine.",
    "The numbers for {project} look better than last month, up {n} percent.",
    "I moved the {topic} meeting to {day} {time}, the small room was taken.",
    "Who knows where the template for the {topic} went? The old link is dead.",
    "Thanks {name}, that was exactly what I needed!",
    "Build {n} is green again, the flaky test was the time zone one.",
    "{ticket} is ready for review, mostly renames and one real change.",
    "Heads up: the staging cluster will be slow until {time}.",
    "lunch at {time}? the noodle place has outside tables now",
    "I have put the minutes here: {link}",
    "Could we please not schedule anything before nine on {day}s?",
    "The customer asked for {n} more seats, I will send the offer today.",
    "Reverted {hash}, it broke the import for everyone with umlauts in the name.",
    "Small reminder: travel expenses are due on {day}.",
    "+1",
    "ok, sounds good",
    "haha yes, same here",
    "On it.",
    "Not sure I follow, do you mean the {topic} or the {project} plan?",
    "Great job on the demo, {name}. The part with the map landed well.",
    "We agreed to drop the second phase; {name} is updating the {topic}.",
    "Printer on the third floor is out of toner again.",
    "I am out from {day}, {name} covers for me.",
    "Looks like the {project} dashboard counts weekends twice. Looking into it.",
    "The {topic} is at version {n} now, please stop editing the copy in mail.",
    "Quick question: do we round per line or on the total?",
    "Deployed to production at {time}, watching the graphs for an hour.",
    "{name} and I walked through all {n} open points, four are left.",
    "Does anybody have experience with moving a {topic} between teams?",
    "Legal wants two more days for the contract, so nothing goes out before {day}.",
    "I cannot reproduce it. Which browser was that, and was the window narrow?",
    "The workshop is full, I opened a second one for {n} people.",
    "Let us keep the scope of {project} as it is and ship.",
    "My train is late, start without me, I will dial in from the platform.",
    "Please vote on the colour of the new booth by {time}: {link}",
    "Review done, two nits and a question about the retry.",
    "Welcome {name}! Ask anything, there are no stupid questions in the first {n} weeks.",
    "New figures for the {topic} came in, they are {n} units above plan.",
];

/// German.
pub(super) const GERMAN: &[&str] = &[
    "Guten Morgen zusammen, ich kümmere mich heute um {project}.",
    "{name}, kannst du bitte kurz über das Angebot schauen? Geht an den Kunden am {time}.",
    "Der Termin zum {topic} ist auf {time} Uhr verschoben.",
    "Danke, das passt so für mich.",
    "Wo liegt denn die aktuelle Fassung? In der Ablage sind {n} verschiedene.",
    "Ich bin ab morgen im Urlaub, Vertretung macht {name}.",
    "Die Zahlen für {project} sind da, sieht ordentlich aus.",
    "Können wir das bitte noch vor der Mittagspause klären?",
    "Mahlzeit! Heute gibt es Kässpätzle, wer kommt mit?",
    "Bitte die Reisekosten bis Freitag einreichen.",
    "Der Build {n} ist rot, ich schaue es mir an.",
    "Alles klar, ich rufe gleich beim Lieferanten an.",
    "Habe die Änderungen in {ticket} eingetragen, bitte einmal prüfen.",
    "Das Fenster im großen Besprechungsraum schließt nicht mehr.",
    "Kurze Rückfrage zum {topic}: gilt das auch für die Schweiz?",
    "Super, vielen Dank {name}!",
];

/// Japanese.
pub(super) const JAPANESE: &[&str] = &[
    "お疲れ様です。{project}の件、確認しました。",
    "{name}さん、資料ありがとうございます。午後に見ておきます。",
    "会議は{time}からに変更になりました。",
    "了解しました。",
    "{topic}の最新版はどこにありますか？",
    "本日は在宅勤務です。よろしくお願いします。",
    "{ticket}を更新しました。レビューをお願いします。",
    "ビルド{n}が失敗しています。調べます。",
    "明日は祝日なので、返信が遅れます。",
    "先方から{n}件の質問が来ました。",
    "ランチ行きませんか？",
];

/// Portuguese.
pub(super) const PORTUGUESE: &[&str] = &[
    "Bom dia! Hoje vou focar no {project}.",
    "{name}, você consegue revisar o documento até {time}?",
    "A reunião sobre {topic} ficou para {time}.",
    "Obrigado, ficou ótimo!",
    "Alguém sabe onde está a última versão? Achei {n} cópias.",
    "O cliente pediu mais {n} licenças, envio a proposta hoje.",
    "Estou almoçando, volto às {time}.",
    "Atualizei {ticket}, pode olhar quando der?",
    "A impressora do segundo andar parou de novo.",
    "Combinado, eu ligo para o fornecedor.",
    "O build {n} passou, podemos seguir.",
];

/// French.
pub(super) const FRENCH: &[&str] = &[
    "Bonjour à tous, je m'occupe de {project} ce matin.",
    "{name}, peux-tu relire la note avant {time} ?",
    "La réunion sur le {topic} est décalée à {time}.",
    "Merci beaucoup, c'est parfait.",
    "Où est la dernière version ? J'en trouve {n}.",
    "Je serai absent la semaine prochaine, voir avec {name}.",
    "J'ai mis à jour {ticket}, à relire quand vous pouvez.",
    "Le client demande {n} postes de plus.",
    "On déjeune ensemble à midi ?",
    "Bien reçu, je regarde ça.",
];

/// Spanish.
pub(super) const SPANISH: &[&str] = &[
    "Buenos días, hoy sigo con {project}.",
    "{name}, ¿puedes revisar el borrador antes de las {time}?",
    "La reunión de {topic} pasa a las {time}.",
    "Gracias, me parece bien.",
    "¿Dónde está la versión buena? Hay {n} copias.",
    "El cliente quiere {n} plazas más, mando la oferta hoy.",
    "He actualizado {ticket}, falta una revisión.",
    "Hoy teletrabajo, estoy en el chat.",
    "La compilación {n} ha fallado, lo miro.",
    "¿Comemos a las dos?",
];

/// What people say about credentials without giving one away: the words are there, the secret is not.
pub(super) const CREDENTIAL_TALK: &[&str] = &[
    "What is the password policy for contractors? Twelve characters or fourteen?",
    "the token expired again, can somebody restart the sync?",
    "I forgot my password, who do I call?",
    "The password reset link does not work in the old browser.",
    "Please never post passwords here, use the safe.",
    "login page is down for me, is it only me?",
    "We should rotate the api keys every quarter, {name} has a proposal.",
    "password: ********",
    "export API_KEY=<your-key-here> and then run the script",
    "token = os.environ[\"SERVICE_TOKEN\"] is how it should look, not hard-coded",
    "secrets are mounted from the vault, see {link}",
    "The docs use {aws_example} as the example key, so the scanner has to skip that one.",
    "request id {uuid} failed with 403, invalid credentials",
    "bisected to {commit}",
    "Artifact {uuid} is in the registry, digest sha256:{digest}",
    "the new hire needs credentials for the CRM, ticket is {ticket}",
    "password = getpass.getpass() works fine in the notebook",
    "Authorization: Bearer $TOKEN is all you need in the header",
    "I sent you the password by phone, not here :)",
    "MFA asks me for a code every hour, is the session token too short?",
    "The secret to good coffee is patience.",
    "Das Passwort läuft morgen ab, bitte selber ändern.",
    "Wer ist für die Passwortrichtlinie zuständig?",
    "パスワードを忘れました。リセットをお願いできますか？",
    "Esqueci minha senha do portal, quem pode ajudar?",
    "Mon mot de passe a expiré, qui peut m'aider ?",
    "¿Quién me puede restablecer la contraseña?",
    "postgres://user:password@localhost:5432/test is only the local default",
    "set client_secret to ${CLIENT_SECRET} in the template",
    "cherry-picked {commit} onto the release branch",
];

/// How people introduce a secret; `{secret}` is where it stands.
pub(super) const AROUND_A_TOKEN: &[&str] = &[
    "here you go {secret}",
    "use this one until {day}: {secret}",
    "{secret}\nplease do not share :)",
    "the deploy needs it in the config, I used {secret} for now",
    "for the {project} environment: `{secret}`",
    "hat jemand den Key gesucht? {secret}",
];

/// How people tell a password.
pub(super) const AROUND_A_PASSWORD: &[&str] = &[
    "the password is {secret}",
    "the password for the {project} box is {secret}, change it after you are in",
    "login: admin / password: {secret}",
    "user svc-{project} pw: {secret}",
    "Das Passwort ist {secret}",
    "a senha é {secret}",
    "le mot de passe est {secret}",
    "la contraseña es {secret}",
    "パスワードは {secret} です",
];

/// What continuous integration says.
pub(super) const BOT: &[&str] = &[
    "Build #{n} of {project} passed in {n} s ({commit})",
    "Build #{n} of {project} failed: 2 tests. Log: {link}",
    "Deployed {project} {hash} to staging",
    "Alert resolved: latency of {project} back to normal, incident {uuid}",
    "Pull request merged into {project}: {commit}",
    "Backup job {uuid} finished, {n} objects",
];

/// How people introduce a block of several lines.
pub(super) const AROUND_A_BLOCK: &[&str] = &[
    "this goes into the config:\n```\n{secret}\n```",
    "```\n{secret}\n```",
    "for {project} until {day}\n```\n{secret}\n```\nplease delete after reading",
];
