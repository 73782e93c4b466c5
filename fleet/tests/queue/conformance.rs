//! What both homes of the queue promise.

use std::time::{Duration, Instant};

use fermiac_fleet::job::{Label, Priority};
use fermiac_fleet::queue::{ConsumerName, Queue};

use crate::support::{A_MOMENT, REDIS, SOON, bell, bells, distinct, hear, jobs, listen, on_redis};

/// Makes of each statement a test for each home.
macro_rules! both {
    ($($statement:ident),+ $(,)?) => {
        mod in_redis {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $statement() {
                super::$statement(on_redis(&REDIS.url())).await;
            })+
        }
        mod in_process {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $statement() {
                super::$statement(Queue::in_process()).await;
            })+
        }
    };
}

both! {
    a_bell_is_heard_once,
    bells_that_rang_before_anybody_listened_are_heard,
    bells_of_a_stream_are_heard_in_their_order,
    the_most_urgent_are_heard_first,
    the_most_urgent_of_several_labels_are_heard_first,
    no_more_are_heard_than_were_asked_for,
    a_listener_hears_its_labels_only,
    a_waiting_listener_hears_at_once,
    listening_ends_after_the_wait,
    listeners_share_the_bells,
    the_length_counts_what_is_not_answered,
    answering_twice_does_no_harm,
    thousands_of_bells_come_through,
    a_listener_that_was_dropped_while_it_waited_loses_nothing,
    clones_are_the_same_queue,
    a_queue_answers_a_ping,
}

async fn a_bell_is_heard_once(queue: Queue) {
    let bells = bells(1);
    queue.ring(&bells).await.unwrap();
    let mut listener = listen(&queue);
    let rung = hear(&mut listener, 1).await;
    assert_eq!(rung[0].bell, bells[0]);
    assert_eq!(listener.next(1, A_MOMENT).await.unwrap(), []);
    assert_eq!(listen(&queue).next(1, A_MOMENT).await.unwrap(), []);
}

async fn bells_that_rang_before_anybody_listened_are_heard(queue: Queue) {
    queue.ring(&bells(3)).await.unwrap();
    assert_eq!(hear(&mut listen(&queue), 3).await.len(), 3);
}

async fn bells_of_a_stream_are_heard_in_their_order(queue: Queue) {
    let bells = bells(50);
    queue.ring(&bells).await.unwrap();
    let rung = hear(&mut listen(&queue), 50).await;
    assert_eq!(rung.iter().map(|rung| rung.bell).collect::<Vec<_>>(), bells);
}

async fn the_most_urgent_are_heard_first(queue: Queue) {
    let rising = [Priority::Low, Priority::Normal, Priority::High].map(|priority| bell(Label::Cpu, priority));
    queue.ring(&rising).await.unwrap();
    let rung = listen(&queue).next(10, SOON).await.unwrap();
    assert_eq!(jobs(&rung), [rising[2].job, rising[1].job, rising[0].job]);
}

async fn the_most_urgent_of_several_labels_are_heard_first(queue: Queue) {
    let rung = [
        bell(Label::Gpu, Priority::Low),
        bell(Label::Gpu, Priority::Normal),
        bell(Label::Cpu, Priority::High),
        bell(Label::Gpu, Priority::High),
    ];
    queue.ring(&rung).await.unwrap();
    let mut listener = queue.listen(&[Label::Gpu, Label::Cpu], &ConsumerName::fresh());
    let heard = hear(&mut listener, 4).await;
    assert_eq!(jobs(&heard), [rung[3].job, rung[2].job, rung[1].job, rung[0].job]);
}

async fn no_more_are_heard_than_were_asked_for(queue: Queue) {
    let mut listener = queue.listen(&[Label::Gpu, Label::Cpu], &ConsumerName::fresh());
    let mut bells = bells(5);
    bells.extend([bell(Label::Gpu, Priority::High), bell(Label::Gpu, Priority::Low)]);
    let waiting = tokio::spawn(async move {
        let mut heard = Vec::new();
        while heard.len() < 7 {
            let next = listener.next(1, SOON).await.unwrap();
            assert_eq!(next.len(), 1);
            heard.extend(next);
        }
        heard
    });
    queue.ring(&bells).await.unwrap();
    assert_eq!(distinct(&waiting.await.unwrap()).len(), 7);
}

async fn a_listener_hears_its_labels_only(queue: Queue) {
    queue.ring(&[bell(Label::Gpu, Priority::High)]).await.unwrap();
    let of_cpu = bell(Label::Cpu, Priority::Low);
    queue.ring(&[of_cpu]).await.unwrap();
    let mut listener = listen(&queue);
    assert_eq!(jobs(&listener.next(10, SOON).await.unwrap()), [of_cpu.job]);
    assert_eq!(listener.next(10, A_MOMENT).await.unwrap(), []);
}

async fn a_waiting_listener_hears_at_once(queue: Queue) {
    let mut listener = listen(&queue);
    assert_eq!(listener.next(1, A_MOMENT).await.unwrap(), []);
    let started = Instant::now();
    let waiting = tokio::spawn(async move { listener.next(1, SOON).await.unwrap() });
    let bells = bells(1);
    queue.ring(&bells).await.unwrap();
    assert_eq!(jobs(&waiting.await.unwrap()), [bells[0].job]);
    assert!(started.elapsed() < SOON / 2, "it slept through the bell");
}

async fn listening_ends_after_the_wait(queue: Queue) {
    let wait = Duration::from_millis(100);
    let started = Instant::now();
    assert_eq!(listen(&queue).next(1, wait).await.unwrap(), []);
    assert!(started.elapsed() >= wait);
}

async fn listeners_share_the_bells(queue: Queue) {
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (queue, mut listener) = (queue.clone(), listen(&queue));
            tokio::spawn(async move {
                let mut heard = Vec::new();
                loop {
                    let rung = listener.next(7, Duration::from_secs(1)).await.unwrap();
                    if rung.is_empty() {
                        return heard;
                    }
                    queue.answer(&rung).await.unwrap();
                    heard.extend(rung);
                }
            })
        })
        .collect();
    queue.ring(&bells(500)).await.unwrap();
    let mut heard = Vec::new();
    for task in tasks {
        heard.extend(task.await.unwrap());
    }
    assert_eq!((heard.len(), distinct(&heard).len()), (500, 500));
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 0);
}

async fn the_length_counts_what_is_not_answered(queue: Queue) {
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 0);
    queue.ring(&bells(3)).await.unwrap();
    let rung = hear(&mut listen(&queue), 2).await;
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 3);
    queue.answer(&rung).await.unwrap();
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 1);
    assert_eq!(queue.length(Label::Cpu, Priority::High).await.unwrap(), 0);
}

async fn answering_twice_does_no_harm(queue: Queue) {
    queue.ring(&bells(2)).await.unwrap();
    let rung = hear(&mut listen(&queue), 1).await;
    queue.answer(&rung).await.unwrap();
    queue.answer(&rung).await.unwrap();
    queue.answer(&[]).await.unwrap();
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 1);
}

async fn thousands_of_bells_come_through(queue: Queue) {
    let mut rung = bells(12_000);
    rung.extend((0..12_000).map(|_| bell(Label::Cpu, Priority::Low)));
    queue.ring(&rung).await.unwrap();
    let heard = hear(&mut listen(&queue), 24_000).await;
    assert_eq!(distinct(&heard).len(), 24_000);
    queue.answer(&heard).await.unwrap();
    assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 0);
    assert_eq!(queue.length(Label::Cpu, Priority::Low).await.unwrap(), 0);
}

async fn a_listener_that_was_dropped_while_it_waited_loses_nothing(queue: Queue) {
    let mut listener = listen(&queue);
    for _ in 0..20 {
        let ringing = bells(1);
        tokio::select! {
            // Which of the two ends first is left to chance.
            _ = listener.next(1, SOON) => {}
            rang = queue.ring(&ringing) => rang.unwrap(),
        }
    }
    queue.ring(&bells(1)).await.unwrap();
    queue.rescue(Duration::ZERO, 100).await.unwrap();
    let length = queue.length(Label::Cpu, Priority::Normal).await.unwrap();
    assert!((1..=21).contains(&length));
    hear(&mut listener, usize::try_from(length).unwrap()).await;
}

async fn clones_are_the_same_queue(queue: Queue) {
    queue.clone().ring(&bells(1)).await.unwrap();
    hear(&mut listen(&queue), 1).await;
}

async fn a_queue_answers_a_ping(queue: Queue) {
    queue.ping().await.unwrap();
}
