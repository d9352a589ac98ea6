//! Tickets: nothing is done for an upload but by the ticket that names it.

use nearput_api::{AbortUpload, ErrorCode, ListParts, Plan, SignParts, path};

use crate::storage::Storage;
use crate::world::{Options, PART, Signer, bytes, failed, file, start, to_complete};

#[tokio::test]
async fn a_ticket_with_any_byte_changed_is_refused() {
    let (_storage, signer) = start().await;
    let opened = signer.open(file(&bytes(1), Plan::Put)).await;
    for index in 0..opened.ticket.len() {
        let mut ticket = opened.ticket.clone().into_bytes();
        ticket[index] = if ticket[index] == b'A' { b'B' } else { b'A' };
        let ticket = String::from_utf8(ticket).expect("ASCII");
        let reply = signer.call(path::SIGN, &SignParts { ticket: ticket.clone(), parts: vec![] }).await;
        assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket), "byte {index}");
        assert!(!reply.message().contains(&ticket[10..20]), "{}", reply.message());
    }
}

#[tokio::test]
async fn no_call_takes_a_foreign_ticket() {
    let (_storage, signer) = start().await;
    let ticket = "eyJ.eyJ.sig".to_owned();
    for (path, reply) in [
        (path::SIGN, signer.call(path::SIGN, &SignParts { ticket: ticket.clone(), parts: vec![] }).await),
        (path::PARTS, signer.call(path::PARTS, &ListParts { ticket: ticket.clone() }).await),
        (path::ABORT, signer.call(path::ABORT, &AbortUpload { ticket: ticket.clone() }).await),
    ] {
        assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket), "{path}");
    }
    let mut upload = to_complete(&signer.open(file(&bytes(1), Plan::Put)).await, &bytes(1), vec![]);
    upload.ticket = ticket;
    assert_eq!(failed(signer.complete(upload).await), ErrorCode::InvalidTicket);
}

#[tokio::test]
async fn the_ticket_of_another_upload_does_not_complete_this_one() {
    let (storage, signer) = start().await;
    let content = bytes(PART + 1);
    let plan = Plan::Multipart { part_size: PART };
    let sent = signer.open(file(&content, plan)).await;
    let unsent = signer.open(file(&content, plan)).await;
    let mut etags = Vec::new();
    for part in &sent.parts {
        let range = plan.part_range(content.len() as u64, part.number).expect("a part");
        let reply = crate::client::send_part(part, &content[range.start as usize..range.end as usize]).await;
        etags.push(Some(reply.headers["etag"].to_str().expect("text").to_owned()));
    }

    let mut mixed = to_complete(&sent, &content, etags);
    mixed.ticket = unsent.ticket;
    failed(signer.complete(mixed).await);
    assert_eq!((storage.object(&sent.key), storage.object(&unsent.key)), (None, None));
}

#[tokio::test]
async fn a_ticket_that_has_ended_is_refused() {
    let storage = Storage::start().await;
    let signer = Signer::start(storage.address, Options { ticket_lifetime: "1s", ..Options::default() }).await;
    let opened = signer.open(file(&bytes(1), Plan::Put)).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let body = SignParts { ticket: opened.ticket.clone(), parts: vec![] };
    assert_eq!(signer.call(path::SIGN, &body).await.error(), (410, ErrorCode::TicketExpired));
    let outcome = signer.complete(to_complete(&opened, &bytes(1), vec![])).await;
    assert_eq!(failed(outcome), ErrorCode::TicketExpired);
}
