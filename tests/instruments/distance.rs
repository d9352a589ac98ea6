//! The distance proxy. No line is shorter than it claims, ever; that none is much longer holds for the best of some tries, since
//! any machine can be busy for a moment.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use nearput_tests::{DistanceProxy, Line};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

const ROUND_TRIP: Duration = Duration::from_millis(60);
const WINDOW: usize = 64 << 10;
const TRIES: usize = 10;

/// The most that the machine may add, at its best.
const TOLERANCE: Duration = Duration::from_millis(6);

/// A line to a server that sends back what it gets.
async fn line_to_echo() -> Result<DistanceProxy> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = copy(&mut from, &mut to).await;
                let _ = to.shutdown().await;
            });
        }
    });
    DistanceProxy::start(server, Line { round_trip: ROUND_TRIP, window: WINDOW }).await
}

async fn connect(line: &DistanceProxy) -> Result<TcpStream> {
    let stream = TcpStream::connect(line.addr()).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// How long it takes until all that is sent has come back.
async fn echo(stream: &mut TcpStream, bytes: &[u8]) -> Result<Duration> {
    let (mut from, mut to) = stream.split();
    let started = Instant::now();
    let mut answer = vec![0; bytes.len()];
    tokio::try_join!(to.write_all(bytes), from.read_exact(&mut answer))?;
    assert!(answer == bytes, "other bytes came back");
    Ok(started.elapsed())
}

#[tokio::test]
async fn a_question_and_its_answer_take_one_round_trip() -> Result<()> {
    let line = line_to_echo().await?;
    let mut stream = connect(&line).await?;
    let _ = echo(&mut stream, b"first").await?;
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        best = best.min(echo(&mut stream, b"?").await?);
    }
    assert!((ROUND_TRIP - TOLERANCE..ROUND_TRIP + TOLERANCE).contains(&best), "{best:?}");
    Ok(())
}

#[tokio::test]
async fn a_new_connection_costs_one_round_trip_more() -> Result<()> {
    let line = line_to_echo().await?;
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        let started = Instant::now();
        echo(&mut connect(&line).await?, b"?").await?;
        best = best.min(started.elapsed());
    }
    assert!((2 * ROUND_TRIP - TOLERANCE..2 * ROUND_TRIP + TOLERANCE).contains(&best), "{best:?}");
    Ok(())
}

#[tokio::test]
async fn a_connection_carries_one_window_in_each_round_trip() -> Result<()> {
    let line = line_to_echo().await?;
    let mut stream = connect(&line).await?;
    let _ = echo(&mut stream, b"first").await?;
    let bytes: Vec<u8> = (0..8 * WINDOW).map(|index| (index % 251) as u8).collect();
    // The first window needs no acknowledgement, and what came last must still come back.
    let expected = 8 * ROUND_TRIP;
    let mut best = Duration::MAX;
    for _ in 0..3 {
        best = best.min(echo(&mut stream, &bytes).await?);
    }
    assert!((expected - 8 * TOLERANCE..expected + 16 * TOLERANCE).contains(&best), "{best:?} instead of {expected:?}");
    Ok(())
}

#[tokio::test]
async fn many_connections_do_not_slow_each_other_down() -> Result<()> {
    let line = line_to_echo().await?;
    let mut connections = JoinSet::new();
    let started = Instant::now();
    for _ in 0..100 {
        let mut stream = connect(&line).await?;
        connections.spawn(async move { echo(&mut stream, &[7; 2 * WINDOW]).await });
    }
    while let Some(echoed) = connections.join_next().await {
        echoed??;
    }
    // One after the other they would take a hundred times the three round trips of one.
    assert!(started.elapsed() < 20 * ROUND_TRIP, "{:?}", started.elapsed());
    Ok(())
}

#[tokio::test]
async fn the_end_of_a_stream_arrives_after_its_last_byte() -> Result<()> {
    let line = line_to_echo().await?;
    let mut stream = connect(&line).await?;
    stream.write_all(b"all of it").await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    assert_eq!(answer, b"all of it");
    Ok(())
}

#[tokio::test]
async fn a_line_to_nowhere_is_closed() -> Result<()> {
    let nobody: SocketAddr = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let line = DistanceProxy::start(nobody, Line { round_trip: ROUND_TRIP, window: WINDOW }).await?;
    let mut stream = connect(&line).await?;
    assert!(stream.read(&mut [0]).await.is_ok_and(|read| read == 0));
    Ok(())
}
