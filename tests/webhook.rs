//! Notices to an address of the user's, against a local server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use callboard::feed::Webhook;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "/hooks/s3cret-token";
const MOMENT: Duration = Duration::from_millis(5);

fn hook(server: &MockServer, timeout: Duration) -> Webhook {
    Webhook::with_patience(&format!("{}{SECRET}", server.uri()), timeout, MOMENT).unwrap()
}

async fn answers(server: &MockServer, template: ResponseTemplate, times: u64) {
    let mock = Mock::given(method("POST")).and(path(SECRET));
    mock.respond_with(template)
        .up_to_n_times(times)
        .mount(server)
        .await;
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn json_is_posted_once() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(SECRET))
        .and(header("content-type", "application/json"))
        .and(body_string("{\"text\":\"x\"}"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let hook = hook(&server, Duration::from_secs(20));
    hook.post("{\"text\":\"x\"}").await.unwrap();
}

#[tokio::test]
async fn a_failure_is_tried_again_a_few_times_and_no_more() {
    let server = MockServer::start().await;
    answers(&server, ResponseTemplate::new(500), 2).await;
    answers(&server, ResponseTemplate::new(200), 1).await;
    let hook = hook(&server, Duration::from_secs(20));
    hook.post("{}").await.unwrap();
    assert_eq!(requests(&server).await, 3);
    server.reset().await;
    answers(&server, ResponseTemplate::new(503), 99).await;
    let error = hook.post("{}").await.unwrap_err().to_string();
    assert_eq!(requests(&server).await, 3);
    assert!(
        error.contains("503") && !error.contains("s3cret"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again_and_no_other_place_is_asked() {
    let server = MockServer::start().await;
    for status in [404, 401] {
        server.reset().await;
        answers(&server, ResponseTemplate::new(status), 99).await;
        let hook = hook(&server, Duration::from_secs(20));
        let error = hook.post("{}").await.unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
        assert_eq!(requests(&server).await, 1);
    }
    server.reset().await;
    let elsewhere = format!("{}/elsewhere", server.uri());
    let moved = ResponseTemplate::new(307).insert_header("location", elsewhere.as_str());
    answers(&server, moved, 99).await;
    assert!(
        hook(&server, Duration::from_secs(20))
            .post("{}")
            .await
            .is_err()
    );
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn one_that_hangs_or_is_not_there_is_given_up() {
    let server = MockServer::start().await;
    let hangs = ResponseTemplate::new(200).set_delay(Duration::from_mins(10));
    answers(&server, hangs, 99).await;
    let patient = hook(&server, Duration::from_millis(100));
    let error = patient.post("{}").await.unwrap_err().to_string();
    assert!(
        error.contains("in time") && !error.contains("s3cret"),
        "{error}"
    );
    let gone = "http://127.0.0.1:1/s3cret";
    let gone = Webhook::with_patience(gone, Duration::from_secs(5), MOMENT).unwrap();
    let error = gone.post("{}").await.unwrap_err().to_string();
    assert!(
        error.contains("connection") && !error.contains("s3cret"),
        "{error}"
    );
}

#[test]
fn an_address_that_cannot_be_is_refused_without_being_shown() {
    for url in [
        "",
        "s3cret",
        "ftp://h/s3cret",
        "http://",
        "http://[::s3cret",
    ] {
        let Err(error) = Webhook::new(url) else {
            panic!("{url} was taken")
        };
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
