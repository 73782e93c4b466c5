//! Streams with their memory. A launch has one to itself; there are at most as many as pools in the budget.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use cust::error::CudaResult;
use cust::event::{Event, EventFlags};
use cust::memory::{DeviceBuffer, LockedBuffer};
use cust::stream::{Stream, StreamFlags};

use super::super::CudaEngineError;
use super::super::budget::POOLS;
use super::super::generated::choice::Code;
use super::failed;

/// A stream with its memory. The stream goes last: fields are dropped in their order.
#[derive(Debug)]
pub(super) struct Lane {
    /// On the GPU: slots, then results, then what is made of them there.
    pub device: DeviceBuffer<f64>,
    /// On this machine: what goes there, and what comes back.
    pub host: LockedBuffer<f64>,
    /// Before and behind the kernel.
    pub started: Event,
    pub evaluated: Event,
    pub ended: Event,
    /// What is under way on it, or was last.
    pub code: Code,
    pub stream: Stream,
    is_under_way: bool,
}

/// All lanes of a GPU, made when they are first wanted.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    stock: Mutex<Stock>,
    returned: Condvar,
    /// Memory of the GPU that they hold.
    bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Stock {
    free: Vec<Lane>,
    made: usize,
}

/// A lane in use. Before it is free again, what is under way on it has come to its end.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    /// There until it is dropped.
    lane: Option<Lane>,
    lanes: &'a Lanes,
}

impl Lanes {
    /// A lane, once one is free. In the context of the GPU, as all that follows.
    pub fn take(&self) -> Result<Taken<'_>, CudaEngineError> {
        let mut stock = self.lock();
        loop {
            if let Some(lane) = stock.free.pop() {
                return Ok(self.taken(lane));
            }
            if stock.made < POOLS {
                let lane = Lane::new().map_err(failed("making a stream"))?;
                stock.made += 1;
                return Ok(self.taken(lane));
            }
            stock = self.returned.wait(stock).expect("nothing that can panic runs under this lock");
        }
    }

    /// A lane, if one is free or can be made.
    pub fn try_take(&self) -> Option<Taken<'_>> {
        let mut stock = self.lock();
        if stock.free.is_empty() && stock.made < POOLS {
            stock.free.push(Lane::new().ok()?);
            stock.made += 1;
        }
        stock.free.pop().map(|lane| self.taken(lane))
    }

    /// Memory of the GPU that they hold.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn taken(&self, lane: Lane) -> Taken<'_> {
        Taken { lane: Some(lane), lanes: self }
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().expect("nothing that can panic runs under this lock")
    }
}

impl Lane {
    fn new() -> CudaResult<Lane> {
        Ok(Lane {
            // Nothing cannot be had.
            device: DeviceBuffer::zeroed(1)?,
            host: LockedBuffer::new(&0.0, 1)?,
            started: Event::new(EventFlags::DEFAULT)?,
            evaluated: Event::new(EventFlags::DEFAULT)?,
            ended: Event::new(EventFlags::DEFAULT)?,
            code: Code::Interpreted,
            // It waits for what goes to no stream: plans that are brought, memory that is set to zero.
            stream: Stream::new(StreamFlags::DEFAULT, None)?,
            is_under_way: false,
        })
    }

    fn device_bytes(&self) -> u64 {
        (self.device.len() * size_of::<f64>()) as u64
    }

    /// What there was goes first: both at once may be more than the pool.
    fn grow(&mut self, device: usize, host: usize) -> CudaResult<()> {
        if self.device.len() < device {
            self.device = DeviceBuffer::zeroed(1)?;
            self.device = DeviceBuffer::zeroed(device)?;
        }
        if self.host.len() < host {
            self.host = LockedBuffer::new(&0.0, host)?;
        }
        Ok(())
    }
}

impl Taken<'_> {
    /// Sees to it that there is room for so many numbers on both sides.
    pub fn make_room(&mut self, device: usize, host: usize) -> Result<(), CudaEngineError> {
        let lanes = self.lanes;
        let lane = self.lane();
        if lane.device.len() >= device && lane.host.len() >= host {
            return Ok(());
        }
        let before = lane.device_bytes();
        let grown = lane.grow(device, host);
        let bytes = lane.device_bytes().wrapping_sub(before);
        lanes.bytes.fetch_add(bytes, Ordering::Relaxed);
        grown.map_err(failed("making room"))
    }

    /// The lane, on which something is about to be under way.
    pub fn under_way(&mut self) -> &mut Lane {
        let lane = self.lane();
        lane.is_under_way = true;
        lane
    }

    /// Waits for what is under way: the results, and how long the kernel took.
    pub fn wait(&mut self) -> Result<(&[f64], Duration), CudaEngineError> {
        let lane = self.lane();
        lane.stream.synchronize().map_err(failed("running the kernel"))?;
        lane.is_under_way = false;
        let kernel_time = lane.ended.elapsed(&lane.started).map_err(failed("timing the kernel"))?;
        Ok((&lane.host, kernel_time))
    }

    /// What has evaluated the trials that were waited for, and how long that took.
    pub fn evaluated(&self) -> Result<(Code, Duration), CudaEngineError> {
        let lane = self.lane.as_ref().expect("it is there until it is dropped");
        let time = lane.evaluated.elapsed(&lane.started).map_err(failed("timing the kernel"))?;
        Ok((lane.code, time))
    }

    fn lane(&mut self) -> &mut Lane {
        self.lane.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let Some(mut lane) = self.lane.take() else { return };
        if lane.is_under_way {
            // Where this fails the GPU is broken, and nothing runs on it any more.
            let _ = lane.stream.synchronize();
            lane.is_under_way = false;
        }
        self.lanes.lock().free.push(lane);
        self.lanes.returned.notify_one();
    }
}
