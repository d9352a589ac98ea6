//! One request and its reply, with what goes wrong on the way.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::call::{Call, value};
use super::head::Head;
use super::{Answer, Entry, Fault, Shared};

/// How long a client may take to read an answer that came before it had sent everything.
const LINGER: Duration = Duration::from_secs(2);

struct Exchange<'a> {
    shared: &'a Shared,
    /// Its entry in the journal.
    entry: usize,
    call: Call,
    fault: Option<Fault>,
    head: Head,
}

/// Takes a request, and does with it what is its lot. The connection ends with it.
pub(super) async fn carry_out(client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let mut from_client = BufReader::new(from_client);
    let Some(head) = Head::read(&mut from_client).await? else { return Ok(()) };
    shared.until_thawed().await;

    let call = Call::of(&head.method, &head.target);
    let fault = shared.weather().next(call, head.length);
    let query = head.target.split_once('?').map_or("", |(_, query)| query);
    let upload_id = value(query, "uploadId").map(str::to_owned);
    let entry = {
        let mut journal = shared.journal();
        journal.push(Entry { call, upload_id, taken: 0, fault, status: None });
        journal.len() - 1
    };
    let exchange = Exchange { shared, entry, call, fault, head };
    match fault {
        Some(Fault::CutBefore) => Ok(()),
        Some(Fault::Answer(answer)) => exchange.answer(answer, from_client, to_client).await,
        _ => exchange.pass_on(from_client, to_client).await,
    }
}

impl Exchange<'_> {
    async fn answer(
        &self,
        answer: Answer,
        mut from_client: BufReader<OwnedReadHalf>,
        mut to_client: OwnedWriteHalf,
    ) -> io::Result<()> {
        let mut body = (&mut from_client).take(self.head.length);
        let mut chunk = vec![0; 64 << 10];
        loop {
            let length = body.read(&mut chunk).await?;
            if length == 0 {
                break;
            }
            self.took(length);
        }
        let reply = answer.to(&self.head);
        self.answered(reply.as_bytes());
        to_client.write_all(reply.as_bytes()).await?;
        to_client.shutdown().await
    }

    async fn pass_on(
        &self,
        mut from_client: BufReader<OwnedReadHalf>,
        mut to_client: OwnedWriteHalf,
    ) -> io::Result<()> {
        let server = TcpStream::connect(self.shared.server).await?;
        server.set_nodelay(true)?;
        let (from_server, mut to_server) = server.into_split();
        to_server.write_all(self.head.to_server().as_bytes()).await?;

        let is_early = {
            let sending = self.send_body(&mut from_client, &mut to_server);
            let replying = self.pass_reply(from_server, &mut to_client);
            tokio::pin!(sending, replying);
            tokio::select! {
                sent = &mut sending => {
                    sent?;
                    replying.await?;
                    false
                }
                replied = &mut replying => {
                    replied?;
                    true
                }
            }
        };
        // The client says nothing more: what is read is its end.
        if self.fault == Some(Fault::SwallowReply) {
            let _ = timeout(Fault::silence(self.call), from_client.read(&mut [0])).await;
        } else if self.fault == Some(Fault::SwallowReplyForEver) {
            let _ = from_client.read(&mut [0]).await;
        } else if is_early && self.fault.is_none() {
            to_client.shutdown().await?;
            let _ = timeout(LINGER, tokio::io::copy(&mut from_client, &mut tokio::io::sink())).await;
        }
        Ok(())
    }

    /// Passes the body on. An error where it ends too early.
    async fn send_body(
        &self,
        from_client: &mut (impl AsyncRead + Unpin),
        to_server: &mut OwnedWriteHalf,
    ) -> io::Result<()> {
        let length = self.head.length;
        let is_halved = matches!(self.fault, Some(Fault::CutInBody | Fault::Stall));
        let limit = if is_halved { length / 2 } else { length };
        let start = Instant::now();
        let mut body = from_client.take(limit);
        let mut chunk = vec![0; 64 << 10];
        let mut sent = 0;
        while sent < limit {
            self.shared.until_thawed().await;
            if let Some(Fault::Throttle(duration)) = self.fault {
                sleep_until(start + duration.mul_f64(sent as f64 / length as f64)).await;
            }
            let read = body.read(&mut chunk).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.took(read);
            if let Some(byte) = self.wrong_byte().and_then(|place| place.checked_sub(sent))
                && let Some(byte) = chunk[..read].get_mut(byte as usize)
            {
                *byte ^= 1;
            }
            sent += read as u64;
            if to_server.write_all(&chunk[..read]).await.is_err() {
                // The server has answered already, and listens no more: its answer is on the way.
                return std::future::pending().await;
            }
        }
        if self.fault == Some(Fault::Stall) {
            sleep(Fault::silence(self.call)).await;
        }
        if is_halved { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// The byte of the body that is changed on the way: one of the file's, also where the file is the end of a form.
    fn wrong_byte(&self) -> Option<u64> {
        const END_OF_FORM: u64 = 64;
        let length = self.head.length;
        let place = if self.call == Call::Form { length.saturating_sub(END_OF_FORM) } else { length / 2 };
        (self.fault == Some(Fault::Corrupt)).then_some(place)
    }

    /// Passes the reply on.
    async fn pass_reply(&self, mut from_server: OwnedReadHalf, to_client: &mut OwnedWriteHalf) -> io::Result<()> {
        let mut chunk = vec![0; 64 << 10];
        let mut is_first = true;
        loop {
            let length = from_server.read(&mut chunk).await?;
            self.shared.until_thawed().await;
            let mut reply = &chunk[..length];
            match self.fault {
                Some(Fault::LoseReply | Fault::SwallowReply | Fault::SwallowReplyForEver) => return Ok(()),
                // Browsers take half a head for a whole one, where there is no TLS to tell them apart.
                Some(Fault::CutInReply) => {
                    let head = reply.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |place| place + 4);
                    reply = &reply[..head + (length - head) / 2];
                }
                Some(Fault::Delay(duration)) if is_first => sleep(duration).await,
                _ => {}
            }
            if reply.is_empty() {
                return Ok(());
            }
            if is_first {
                self.answered(reply);
            }
            is_first = false;
            to_client.write_all(reply).await?;
            if self.fault == Some(Fault::CutInReply) {
                return Ok(());
            }
        }
    }

    fn took(&self, bytes: usize) {
        self.shared.journal()[self.entry].taken += bytes as u64;
    }

    /// Takes down the status that the client is told.
    fn answered(&self, reply: &[u8]) {
        let line = reply.split(|byte| *byte == b' ').nth(1).and_then(|status| std::str::from_utf8(status).ok());
        self.shared.journal()[self.entry].status = line.and_then(|status| status.parse().ok());
    }
}
