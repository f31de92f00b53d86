//! A second reading of quarantine lands what can be read now, once.

use bittern::clock::Clock;
use bittern::config::Config;
use bittern::pipeline::Bittern;
use indicatif::ProgressBar;

use crate::{NOW, config, land, rows};

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_now_lands_once_and_the_rest_stays_marked() {
    let folder = tempfile::tempdir().unwrap();
    let known = |id: u32| {
        serde_json::json!({"event_id": format!("e:{id}"), "event_time": "2026-03-02T10:00:00Z", "action": "login", "actor_id": "U1",
            "source": "x"})
    };
    let strange = |id: u32| serde_json::json!({"strange_id": id, "strange_time": "2026-03-02T11:00:00Z", "who": "U2"});
    let text = format!("{}\n{}\n{{\"broken\n{}\n{}\n", known(1), strange(1), strange(2), known(2));
    std::fs::write(folder.path().join("mixed.ndjson"), &text).unwrap();
    std::fs::write(folder.path().join("gone.ndjson"), "no words for it\n").unwrap();
    let strange_only = format!("{}\n{}\n", strange(3), strange(4));
    std::fs::write(folder.path().join("strange.ndjson"), &strange_only).unwrap();
    let paths = ["mixed.ndjson", "gone.ndjson", "strange.ndjson"].map(|name| folder.path().join(name));
    let bittern = opened(folder.path(), None).await;
    let inputs: Vec<&std::path::Path> = paths.iter().map(|path| path.as_path()).collect();
    assert_eq!(land(&bittern, &inputs).await.unwrap().events, 2);
    let open = "SELECT object, line, line_to FROM quarantine WHERE state IS NULL";
    let before = rows(&opened(folder.path(), None).await, open).await;
    assert_eq!(before.len(), 5, "{before:?}");

    // Nothing changed: nothing is read, and each place stands there once.
    let bittern = opened(folder.path(), None).await;
    let retried = bittern.retry_quarantine(None, &ProgressBar::hidden()).await.unwrap();
    assert_eq!((retried.landed, retried.ingest.events), (0, 0), "{retried:?}");
    let bittern = opened(folder.path(), None).await;
    assert_eq!(rows(&bittern, open).await, before);

    // A source is written for the strange records, one object goes.
    let sql = folder.path().join("sql");
    std::fs::create_dir_all(sql.join("sources")).unwrap();
    std::fs::write(
        sql.join("sources/strange.sql"),
        "-- title = \"Strange\"\n-- surface = \"identity\"\n-- requires = [\"strange_id\"]\n-- [columns]\n-- strange_id = \"BIGINT\"\n\
         -- strange_time = \"VARCHAR\"\n-- who = \"VARCHAR\"\n\
         SELECT 'strange:' || CAST(strange_id AS VARCHAR) AS event_id, strange_time AS event_time, 'login' AS action, who AS actor_id FROM raw\n",
    )
    .unwrap();
    std::fs::remove_file(&paths[1]).unwrap();
    let bittern = opened(folder.path(), Some(sql.clone())).await;
    let retried = bittern.retry_quarantine(None, &ProgressBar::hidden()).await.unwrap();
    assert_eq!((retried.gone, retried.ingest.duplicates), (1, 0), "{retried:?}");
    let bittern = opened(folder.path(), Some(sql.clone())).await;
    let ids = "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events";
    assert_eq!(rows(&bittern, ids).await, ["{\"n\":6,\"ids\":6}"]);
    assert_eq!(
        rows(&bittern, "SELECT line, reason FROM quarantine WHERE state IS NULL").await,
        ["{\"line\":3,\"reason\":\"this is not JSON\"}"]
    );
    let states = rows(&bittern, "SELECT state, count(*) AS n FROM quarantine WHERE state IS NOT NULL GROUP BY state").await;
    assert_eq!(states, ["{\"state\":\"gone\",\"n\":1}", "{\"state\":\"landed\",\"n\":3}"], "neighbouring lines are one place");
    let again = bittern.retry_quarantine(None, &ProgressBar::hidden()).await.unwrap();
    assert_eq!((again.places, again.ingest.events), (1, 0), "{again:?}");
    assert_eq!(rows(&opened(folder.path(), Some(sql)).await, ids).await, ["{\"n\":6,\"ids\":6}"]);
}

/// The same lake opened anew.
async fn opened(folder: &std::path::Path, sql: Option<std::path::PathBuf>) -> Bittern {
    let config = Config { sql, ..config(folder, None) };
    Bittern::open_to_land(&config, &folder.join("lake").display().to_string(), Clock::Fixed(NOW)).await.unwrap()
}
