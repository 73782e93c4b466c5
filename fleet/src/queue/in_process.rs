//! Bells within one process.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{ConsumerName, EntryId, Rescued, Rung};
use crate::job::{Bell, Label, Priority};

type Stream = (Label, Priority);

/// The queue. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct InProcess(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    rung: Notify,
}

#[derive(Debug, Default)]
struct State {
    rings: u64,
    waiting: HashMap<Stream, VecDeque<Rung>>,
    /// By entry, which is the order in which they rang.
    pending: BTreeMap<EntryId, Pending>,
    /// Who heard something of a stream.
    listeners: HashSet<(Stream, ConsumerName)>,
}

#[derive(Debug)]
struct Pending {
    bell: Bell,
    listener: ConsumerName,
    since: Instant,
}

impl InProcess {
    pub fn ring(&self, bells: &[Bell]) {
        let mut state = self.state();
        bells.iter().for_each(|&bell| state.ring(bell));
        drop(state);
        self.0.rung.notify_waiters();
    }

    pub fn listen(&self, labels: &[Label], consumer: &ConsumerName) -> Listener {
        let streams =
            Priority::ALL.iter().flat_map(|&priority| labels.iter().map(move |&label| (label, priority)));
        Listener { queue: self.clone(), streams: streams.collect(), consumer: consumer.clone() }
    }

    pub fn answer(&self, rung: &[Rung]) {
        let mut state = self.state();
        for rung in rung {
            state.pending.remove(&rung.entry);
        }
    }

    pub fn rescue(&self, idle: Duration, limit: usize) -> Rescued {
        let mut state = self.state();
        let now = Instant::now();
        let silent = state.pending.iter().filter(|(_, pending)| now.duration_since(pending.since) >= idle);
        let silent: Vec<EntryId> = silent.map(|(&entry, _)| entry).take(limit).collect();
        for entry in &silent {
            if let Some(pending) = state.pending.remove(entry) {
                state.ring(pending.bell);
            }
        }
        drop(state);
        self.0.rung.notify_waiters();
        Rescued { rung_again: silent.len() }
    }

    pub fn length(&self, label: Label, priority: Priority) -> u64 {
        let state = self.state();
        let is_of = |bell: &Bell| bell.label == label && bell.priority == priority;
        let pending = state.pending.values().filter(|pending| is_of(&pending.bell)).count();
        let waiting = state.waiting.get(&(label, priority)).map_or(0, VecDeque::len);
        (pending + waiting) as u64
    }

    pub fn remove_dead_consumers(&self, alive: &[ConsumerName]) -> usize {
        let mut state = self.state();
        let State { listeners, pending, .. } = &mut *state;
        let busy: HashSet<(Stream, &ConsumerName)> = pending
            .values()
            .map(|pending| ((pending.bell.label, pending.bell.priority), &pending.listener))
            .collect();
        let before = listeners.len();
        listeners.retain(|(stream, name)| alive.contains(name) || busy.contains(&(*stream, name)));
        before - listeners.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before the lock is given back, panics included: nothing between two steps can panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ring(&mut self, bell: Bell) {
        self.rings += 1;
        let entry = EntryId { milliseconds: 0, sequence: self.rings };
        self.waiting.entry((bell.label, bell.priority)).or_default().push_back(Rung { bell, entry });
    }
}

/// Hears the bells of some streams, the most urgent first.
#[derive(Debug)]
pub struct Listener {
    queue: InProcess,
    streams: Vec<Stream>,
    consumer: ConsumerName,
}

impl Listener {
    pub async fn next(&mut self, max: usize, wait: Duration) -> Vec<Rung> {
        let deadline = Instant::now() + wait;
        let shared = Arc::clone(&self.queue.0);
        loop {
            let rung = shared.rung.notified();
            let mut rung = std::pin::pin!(rung);
            // From here on a bell that rings is noticed, also between the look and the wait.
            rung.as_mut().enable();
            let taken = self.take(max);
            if !taken.is_empty() || timeout_at(deadline, rung).await.is_err() {
                return taken;
            }
        }
    }

    fn take(&self, max: usize) -> Vec<Rung> {
        let mut state = self.queue.state();
        let mut taken: Vec<Rung> = Vec::new();
        for stream in &self.streams {
            let Some(waiting) = state.waiting.get_mut(stream) else { continue };
            let count = waiting.len().min(max - taken.len());
            taken.extend(waiting.drain(..count));
            if count > 0 {
                state.listeners.insert((*stream, self.consumer.clone()));
            }
        }
        let since = Instant::now();
        for rung in &taken {
            let pending = Pending { bell: rung.bell, listener: self.consumer.clone(), since };
            state.pending.insert(rung.entry, pending);
        }
        taken
    }
}
