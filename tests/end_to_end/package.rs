//! The npm package, as its users get it: by a script tag, and through a bundler. `cargo xtask pack` has made the tarball.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use nearput_dev::{BUCKET, World, WorldOptions};
use nearput_tests::{Browser, files};
use tempfile::TempDir;
use tokio::process::Command;

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn a_page_with_one_script_tag_uploads_a_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    run(Command::new("tar").arg("-xzf").arg(tarball()?).arg("-C").arg(folder.path())).await?;
    let index = folder.path().join("index.html");
    fs::write(&index, "")?;
    let world = serve(folder.path()).await?;
    // The page names the signer, whose port is known only now.
    let page = format!(
        r#"<!doctype html><title>script tag</title>
        <script type="module" src="/package/drop-in.js" data-signer="{}" data-token="{}"></script>
        <input type="file" data-nearput>"#,
        world.signer_url(),
        world.token()
    );
    fs::write(&index, page)?;
    upload(&world, "nearput:done", |event| format!("{event}.detail.result")).await
}

#[tokio::test]
async fn a_page_bundled_by_vite_uploads_a_file() -> Result<()> {
    let folder = project()?;
    let npm = |arguments: &[&str]| {
        let mut npm = Command::new("npm");
        npm.args(arguments).current_dir(folder.path());
        npm
    };
    let tarball = tarball()?.display().to_string();
    run(npm(&["install", "--no-audit", "--no-fund"]).arg(tarball)).await?;
    run(&mut npm(&["run", "build"])).await?;
    let world = serve(&folder.path().join("dist")).await?;
    upload(&world, "uploaded", |event| format!("{event}.detail")).await
}

/// Chooses a file in the page's only input, and checks the object against the result that the page's event tells of.
async fn upload(world: &World, event: &str, result: impl Fn(&str) -> String) -> Result<()> {
    let browser = Browser::start().await?;
    browser.client.goto(&world.page_url()).await?;
    let result = result("event");
    browser
        .run(&format!(
            "window.results = [];
             addEventListener('{event}', (event) => results.push({result}));
             addEventListener('nearput:error', (event) => results.push({{ error: String(event.detail.error) }}));"
        ))
        .await?;
    let folder = tempfile::tempdir()?;
    let path = files::make(folder.path(), "packed.bin", 20 * MIB)?;
    let input = browser.client.find(Locator::Css("input[type=file]")).await?;
    input.send_keys(&path.display().to_string()).await?;
    let result = browser
        .run("while (!results.length) await new Promise((resolve) => setTimeout(resolve, 50)); return results[0];")
        .await?;
    let key = result["key"].as_str().with_context(|| format!("no key in {result}"))?;
    let object = world.object(BUCKET, key).context("no object")?;
    ensure!(files::sha256(&object)? == files::sha256(&path)?, "the object is not the file");
    browser.close().await
}

async fn serve(web: &Path) -> Result<World> {
    World::start(WorldOptions { web: web.to_owned(), ..WorldOptions::default() }).await
}

/// A copy of the project in `tests/vite`.
fn project() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("vite"))? {
        let path = entry?.path();
        fs::copy(&path, folder.path().join(path.file_name().context("a file")?))?;
    }
    Ok(folder)
}

fn tarball() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/npm");
    let name = format!("nearput-{}.tgz", env!("CARGO_PKG_VERSION"));
    fs::canonicalize(folder.join(name)).context("there is no package: `cargo xtask pack` makes it")
}

async fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().await.with_context(|| format!("{command:?}"))?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&said));
    Ok(())
}
