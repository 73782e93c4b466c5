//! What can happen to a Redis server, and to the way there.

use std::time::{Duration, Instant};

use fermiac_fleet::job::{Label, Priority};
use fermiac_fleet::queue::{Queue, QueueError, QueueSettings};
use fermiac_harness::{Mode, Persistence, RedisOptions, RedisServer, TcpProxy, await_until};

use crate::support::{A_MOMENT, REDIS, SOON, bells, distinct, environment, hear, jobs, listen, on_redis};

#[tokio::test(flavor = "multi_thread")]
async fn bells_survive_the_death_of_a_redis_that_keeps_them() {
    let persistence = Persistence::AppendOnlyEverySecond;
    let mut redis = RedisServer::start(RedisOptions { persistence, ..RedisOptions::default() });
    let queue = on_redis(&redis.url());
    let mut listener = listen(&queue);
    queue.ring(&bells(100)).await.unwrap();
    let first = hear(&mut listener, 40).await;
    redis.kill();
    redis.restart();
    // Neither the queue nor its listener is made anew.
    queue.answer(&first).await.unwrap();
    let rest = hear(&mut listener, 60).await;
    assert_eq!(distinct(&[first, rest].concat()).len(), 100);
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_outlives_any_number_of_restarts_with_everything_lost() {
    let mut redis = RedisServer::start(RedisOptions::default());
    let queue = on_redis(&redis.url());
    let mut listener = listen(&queue);
    for _ in 0..3 {
        let bells = bells(2);
        queue.ring(&bells).await.unwrap();
        assert_eq!(jobs(&hear(&mut listener, 2).await), [bells[0].job, bells[1].job]);
        redis.kill();
        let error = listener.next(1, Duration::from_millis(300)).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        redis.restart();
        assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_waits_hears_what_rings_after_everything_was_flushed() {
    let redis = RedisServer::start(RedisOptions::default());
    let queue = on_redis(&redis.url());
    let mut listener = listen(&queue);
    assert_eq!(listener.next(1, A_MOMENT).await.unwrap(), []);
    let waiting = tokio::spawn(async move { listener.next(1, SOON).await.unwrap() });
    redis.command(&["FLUSHALL"]);
    let bells = bells(1);
    queue.ring(&bells).await.unwrap();
    assert_eq!(jobs(&waiting.await.unwrap()), [bells[0].job]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_queue_is_empty_and_refuses_nothing() {
    let redis = RedisServer::start(RedisOptions::default());
    let queue = on_redis(&redis.url());
    queue.ring(&bells(2)).await.unwrap();
    let rung = hear(&mut listen(&queue), 1).await;
    redis.command(&["FLUSHALL"]);
    queue.answer(&rung).await.unwrap();
    assert_eq!(queue.rescue(Duration::ZERO, 10).await.unwrap().rung_again, 0);
    assert_eq!(queue.remove_dead_consumers(&[]).await.unwrap(), 0);
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_an_error_within_seconds_and_heard_again_afterwards() {
    let redis = RedisServer::start(RedisOptions::default());
    let settings = QueueSettings {
        answer_within: Duration::from_millis(200),
        patience: Duration::from_millis(500),
        longest_read: Duration::from_millis(200),
        connect_within: Duration::from_millis(200),
        ..QueueSettings::default()
    };
    let queue = Queue::connect(&redis.url(), &environment(), &settings).unwrap();
    let mut listener = listen(&queue);
    assert_eq!(listener.next(1, A_MOMENT).await.unwrap(), []);
    redis.pause();
    let started = Instant::now();
    assert!(matches!(queue.ring(&bells(1)).await, Err(QueueError::Unavailable(_))));
    assert!(matches!(queue.ping().await, Err(QueueError::Unavailable(_))));
    let error = listener.next(1, Duration::from_millis(500)).await.unwrap_err();
    assert!(error.is_transient() && started.elapsed() < Duration::from_secs(10));
    redis.resume();
    let bells = bells(1);
    await_until("it rings again", SOON, async || queue.ring(&bells).await.is_ok()).await;
    // What was sent while the server was stopped may have arrived as well.
    await_until("it is heard again", SOON, async || {
        listener.next(10, SOON).await.is_ok_and(|rung| jobs(&rung).contains(&bells[0].job))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_refuses_for_now_and_takes_bells_once_some_are_answered() {
    let redis =
        RedisServer::start(RedisOptions { max_memory_bytes: Some(3 << 20), ..RedisOptions::default() });
    let queue = on_redis(&redis.url());
    let mut listener = listen(&queue);
    let error = loop {
        if let Err(error) = queue.ring(&bells(1_000)).await {
            break error;
        }
    };
    assert!(matches!(error, QueueError::Full(_)) && error.is_transient(), "{error}");
    // Nobody has listened yet. A full server has no room for a group, but it gives up a stream that nobody can hear.
    assert_eq!(listener.next(1, A_MOMENT).await.unwrap(), []);
    let error = loop {
        if let Err(error) = queue.ring(&bells(1_000)).await {
            break error;
        }
    };
    assert!(matches!(error, QueueError::Full(_)), "{error}");
    // It is still heard, answered and asked.
    let length = queue.length(Label::Cpu, Priority::Normal).await.unwrap();
    let rung = hear(&mut listener, usize::try_from(length).unwrap()).await;
    queue.answer(&rung).await.unwrap();
    queue.ring(&bells(1)).await.unwrap();
    hear(&mut listener, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_made_again() {
    let proxy = TcpProxy::to(REDIS.port());
    let queue = on_redis(&REDIS.url_through(proxy.port()));
    let mut listener = listen(&queue);
    for _ in 0..5 {
        let bells = bells(1);
        queue.ring(&bells).await.unwrap();
        // One that was cut after it rang and before it knew has rung twice.
        while jobs(&hear(&mut listener, 1).await) != [bells[0].job] {}
        proxy.cut_once();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_waits_on_a_half_open_connection_makes_another_within_seconds() {
    let proxy = TcpProxy::to(REDIS.port());
    let queue = on_redis(&REDIS.url_through(proxy.port()));
    let mut listener = listen(&queue);
    assert_eq!(listener.next(1, A_MOMENT).await.unwrap(), []);
    let before = proxy.accepted();
    let waiting = tokio::spawn(async move { listener.next(1, 2 * SOON).await.unwrap() });
    proxy.set(Mode::Blackhole);
    await_until("it connects anew", Duration::from_secs(8), async || proxy.accepted() > before).await;
    proxy.set(Mode::Forward);
    let bells = bells(1);
    queue.ring(&bells).await.unwrap();
    assert_eq!(jobs(&waiting.await.unwrap()), [bells[0].job]);
}

#[tokio::test]
async fn a_server_that_is_away_at_the_start_is_waited_for() {
    let mut redis = RedisServer::start(RedisOptions::default());
    redis.kill();
    let queue = on_redis(&redis.url());
    let mut listener = listen(&queue);
    assert!(listener.next(1, A_MOMENT).await.unwrap_err().is_transient());
    redis.restart();
    queue.ring(&bells(1)).await.unwrap();
    hear(&mut listener, 1).await;
}

#[tokio::test]
async fn a_password_is_given_and_a_wrong_one_is_no_matter_of_time() {
    let options = RedisOptions { password: Some("right".to_owned()), ..RedisOptions::default() };
    let redis = RedisServer::start(options);
    let queue = on_redis(&redis.url());
    queue.ping().await.unwrap();
    assert!(!format!("{queue:?}{:?}", listen(&queue)).contains("right"));
    let wrong = on_redis(&redis.url().replace("right", "wrong"));
    let error = wrong.ping().await.unwrap_err();
    assert!(matches!(error, QueueError::NoAccess(_)), "{error:?}");
    assert!(
        error.to_string().starts_with("Redis refuses the user or the password: correct REDIS_URL"),
        "{error}"
    );
    assert!(!error.is_transient() && !error.to_string().contains("wrong:"), "{error}");
    assert!(!listen(&wrong).next(1, A_MOMENT).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_url_of_something_else_is_refused_at_once() {
    for url in ["postgres://localhost/x", "localhost:6379", "", "redis://localhost:port"] {
        let error = Queue::connect(url, "test", &QueueSettings::default()).unwrap_err();
        assert!(matches!(error, QueueError::Url(_)), "{url}: {error}");
    }
}

#[tokio::test]
async fn an_entry_that_is_no_bell_is_removed() {
    let environment = environment();
    let queue = Queue::connect(&REDIS.url(), &environment, &QueueSettings::default()).unwrap();
    let stream = format!("{{fermiac:{environment}:cpu}}:bells:normal");
    REDIS.command(&["XADD", &stream, "*", "job", "no id"]);
    REDIS.command(&["XADD", &stream, "*", "other", "thing"]);
    let bells = bells(1);
    queue.ring(&bells).await.unwrap();
    let rung = hear(&mut listen(&queue), 1).await;
    assert_eq!(rung[0].bell, bells[0]);
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 1);
}
