//! The distance proxy. No line is shorter than it claims, ever; that none is much longer holds for the best of some tries, since
//! any machine can be busy for a moment.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use nearput_dev::{DistanceProxy, Line};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

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
    DistanceProxy::start(server, Line { round_trip: ROUND_TRIP, window: WINDOW })
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
    let line = DistanceProxy::start(nobody, Line { round_trip: ROUND_TRIP, window: WINDOW })?;
    let mut stream = connect(&line).await?;
    assert!(stream.read(&mut [0]).await.is_ok_and(|read| read == 0));
    Ok(())
}

#[tokio::test]
async fn a_line_becomes_longer_for_connections_that_are_open() -> Result<()> {
    let line = line_to_echo().await?;
    let mut stream = connect(&line).await?;
    let _ = echo(&mut stream, b"first").await?;
    line.set_round_trip(3 * ROUND_TRIP);
    assert!(echo(&mut stream, b"?").await? > 3 * ROUND_TRIP - TOLERANCE);
    line.set_round_trip(Duration::ZERO);
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        best = best.min(echo(&mut stream, b"?").await?);
    }
    assert!(best < ROUND_TRIP, "{best:?}");
    Ok(())
}

#[tokio::test]
async fn a_stopped_line_drops_its_connections_and_refuses_new_ones_until_it_is_restarted() -> Result<()> {
    let mut line = line_to_echo().await?;
    let mut stream = connect(&line).await?;
    let _ = echo(&mut stream, b"first").await?;
    for _ in 0..3 {
        line.stop().await?;
        assert!(echo(&mut stream, b"?").await.is_err());
        let refused = TcpStream::connect(line.addr()).await.expect_err("nobody listens");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        line.stop().await?;
        line.restart()?;
        line.restart()?;
        stream = connect(&line).await?;
        let _ = echo(&mut stream, b"again").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_frozen_line_takes_connections_and_answers_them_when_it_has_thawed() -> Result<()> {
    let line = line_to_echo().await?;
    let mut old = connect(&line).await?;
    let _ = echo(&mut old, b"first").await?;
    line.freeze();
    let mut new = connect(&line).await?;
    assert!(timeout(4 * ROUND_TRIP, echo(&mut old, b"?")).await.is_err());
    assert!(timeout(4 * ROUND_TRIP, echo(&mut new, b"!")).await.is_err());
    line.thaw();
    for (stream, asked) in [(&mut old, b"?"), (&mut new, b"!")] {
        let mut answer = [0];
        stream.read_exact(&mut answer).await?;
        assert_eq!(&answer, asked);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_sent_into_a_line_is_counted_and_what_comes_back_is_not() -> Result<()> {
    let line = line_to_echo().await?;
    let mut stream = connect(&line).await?;
    let _ = echo(&mut stream, &[7; 1000]).await?;
    let _ = echo(&mut connect(&line).await?, &[7; 10]).await?;
    assert_eq!(line.meter().bytes(), 1010);
    Ok(())
}
