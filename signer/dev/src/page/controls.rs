//! What the page is told of the world around it, and what it may change there.
//!
//! Pages of other origins can change nothing: a body of JSON needs a preflight, and nobody answers it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{Meter, Place};

/// What `GET /demo.json` answers.
#[derive(Debug, Clone, Serialize)]
pub struct Demo {
    /// Such as `http://127.0.0.1:4401`: where a latency-routed name would lead.
    pub signer: String,
    /// The signer's development token. Whoever can reach the page can read it.
    pub token: String,
    /// Where there are several sites, and a visitor at some distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<Surroundings>,
}

/// Where the visitor is, and what there is to be seen from there.
#[derive(Debug, Clone, Serialize)]
pub struct Surroundings {
    pub place: Place,
    pub sites: Vec<ShownSite>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ShownSite {
    pub id: String,
    pub region: String,
    /// Whether the whole region is down.
    pub down: bool,
    /// By which the visitor reaches the storage.
    pub paths: Vec<ShownPath>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ShownPath {
    /// Such as `127.0.0.1:4402`.
    pub host: String,
    /// Bytes; what it is at the moment of asking.
    pub sent: Meter,
}

/// What the page's controls ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The visitor is at another place.
    Place(Place),
    /// A region goes down, or is back.
    Down { site: String, down: bool },
}

/// A command, and who waits until it is done.
#[derive(Debug)]
pub struct Asked {
    pub command: Command,
    done: oneshot::Sender<bool>,
}

impl Asked {
    /// Tells the page whether it was done.
    pub fn answer(self, is_done: bool) {
        // Nobody may wait any more.
        let _ = self.done.send(is_done);
    }
}

#[derive(Clone)]
pub(super) struct Controls {
    demo: watch::Receiver<Demo>,
    commands: mpsc::Sender<Asked>,
}

#[derive(Deserialize)]
pub(super) struct AskPlace {
    place: Place,
}

#[derive(Deserialize)]
pub(super) struct AskDown {
    site: String,
    down: bool,
}

impl Controls {
    pub(super) fn new(demo: &watch::Sender<Demo>) -> (Self, mpsc::Receiver<Asked>) {
        let (commands, asked) = mpsc::channel(16);
        (Self { demo: demo.subscribe(), commands }, asked)
    }

    /// Answers what the page is told after the command; 404 where there is nothing to be commanded.
    async fn carry_out(self, command: Command) -> Result<Json<Demo>, StatusCode> {
        let (done, is_done) = oneshot::channel();
        let sent = self.commands.send(Asked { command, done }).await;
        sent.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        match is_done.await {
            Ok(true) => Ok(demo(State(self)).await),
            Ok(false) => Err(StatusCode::NOT_FOUND),
            Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

pub(super) async fn demo(State(controls): State<Controls>) -> Json<Demo> {
    Json(controls.demo.borrow().clone())
}

pub(super) async fn place(
    State(controls): State<Controls>,
    Json(AskPlace { place }): Json<AskPlace>,
) -> Result<Json<Demo>, StatusCode> {
    controls.carry_out(Command::Place(place)).await
}

pub(super) async fn down(
    State(controls): State<Controls>,
    Json(AskDown { site, down }): Json<AskDown>,
) -> Result<Json<Demo>, StatusCode> {
    controls.carry_out(Command::Down { site, down }).await
}
