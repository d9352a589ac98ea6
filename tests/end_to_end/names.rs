//! File names are data: they are shown as they were, and stored under a safe key.

use anyhow::{Context, Result};
use nearput_dev::BUCKET;
use nearput_tests::start;

#[tokio::test]
async fn any_name_is_shown_as_it_was_and_stored_under_a_safe_key() -> Result<()> {
    let (world, page) = start().await?;
    // A disk takes no slash and no name of 300 letters, but a page can be given such a file by a script.
    let long = format!("{}.txt", "n".repeat(296));
    let names = [
        "two words.txt",
        "über größe.txt",
        "📦 parcel.txt",
        "per%2Fcent.txt",
        "../up.txt",
        "..",
        "a\\b.txt",
        "<b>bold.txt",
        "line\nbreak.txt",
        "\u{202e}txt.exe",
        long.as_str(),
    ];
    let list = serde_json::to_string(&names)?;
    page.browser
        .run(&format!(
            "const chosen = new DataTransfer();
             for (const name of {list}) chosen.items.add(new File([name], name, {{ type: 'text/plain' }}));
             const input = document.querySelector('#files');
             input.files = chosen.files;
             input.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        ))
        .await?;

    let rows = page.ended(names.len()).await?;
    for (row, name) in rows.iter().zip(names) {
        assert_eq!((row.state.as_str(), row.error.as_str()), ("done", ""), "{name}");
        assert_eq!(row.name, name);
        let segments: Vec<&str> = row.key.split('/').collect();
        assert_eq!(segments.len(), 4, "access level, subject, id and name: {}", row.key);
        assert!(segments.iter().all(|segment| !["", ".", ".."].contains(segment)), "{}", row.key);
        assert!(!row.key.contains(['\\', '%', '\n', '<', '\u{202e}']) && row.key.len() <= 1024, "{}", row.key);
        let object = world.object(BUCKET, &row.key).with_context(|| format!("no object {}", row.key))?;
        assert_eq!(std::fs::read_to_string(object)?, name);
    }
    page.browser.close().await
}
