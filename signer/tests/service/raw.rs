//! A connection on which anything can be said, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than any time-out in these tests.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("connects"))
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("sent");
    }

    /// What comes until the text `end` has come.
    pub(crate) async fn hear(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        let hear = async {
            while !String::from_utf8_lossy(&heard).contains(end) {
                let byte = self.0.read_u8().await;
                heard.push(byte.unwrap_or_else(|_| panic!("ended after {:?}", String::from_utf8_lossy(&heard))));
            }
        };
        tokio::time::timeout(PATIENCE, hear).await.expect("in time");
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// What comes until the other side closes.
    pub(crate) async fn hear_all(&mut self) -> String {
        let mut heard = Vec::new();
        // A side that has not taken all that was sent resets the connection.
        let _ = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut heard)).await.expect("closed in time");
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Says all that the other side takes, and hears all that it answers.
    pub(crate) async fn talk(self, bytes: impl AsRef<[u8]>) -> String {
        let bytes = bytes.as_ref();
        self.talk_in(bytes.chunks(bytes.len().max(1)), Duration::ZERO).await
    }

    /// The same, a byte at a time.
    pub(crate) async fn talk_slowly(self, bytes: impl AsRef<[u8]>) -> String {
        self.talk_in(bytes.as_ref().chunks(1), Duration::from_millis(20)).await
    }

    async fn talk_in(self, pieces: impl Iterator<Item = &[u8]>, pause: Duration) -> String {
        let (mut reader, mut writer) = self.0.into_split();
        let mut heard = Vec::new();
        let hear = async {
            let _ = reader.read_to_end(&mut heard).await;
        };
        let say = async {
            for piece in pieces {
                if writer.write_all(piece).await.is_err() {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
            std::future::pending().await
        };
        let talk = async {
            tokio::select! {
                () = hear => {}
                () = say => {}
            }
        };
        tokio::time::timeout(PATIENCE, talk).await.expect("closed in time");
        String::from_utf8_lossy(&heard).into_owned()
    }
}

/// The status of the first reply.
pub(crate) fn status(heard: &str) -> &str {
    heard.split(' ').nth(1).unwrap_or_default()
}
