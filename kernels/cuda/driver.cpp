// A driver whose GPUs are the processor: it stands in for libcuda.so.1 where the engine is tested without a GPU.
//
// Memory is memory, and a launch runs the kernel's source thread by thread: the PTX of it is only looked at. A kernel made
// for a plan has no source, and its PTX is run (ptx.hpp). So all that the engine asks of a driver is done, but nothing is
// told of what NVIDIA's own would make of the PTX. What goes to a stream is done when the stream is waited for and no
// sooner: who does not wait sees that nothing was done. A kernel whose threads wait for each other is taken through them
// step by step.
//
//     STAND_IN_DEVICES=2                there are two GPUs
//     STAND_IN_FAULT='1 launch 3 214'   the third launch on GPU 1 ends with error 214; so do all calls there after it,
//                                       if that error breaks a context. Calls: load, link, allocate,
//                                       launch, and of launches moments and sift. Error -1 is none that is
//                                       told: what the launch wrote first is wrong by a bit
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

struct Index {
    unsigned x;
};

static thread_local Index blockIdx, blockDim, gridDim, threadIdx;
// More than a block is given.
thread_local double shared[64 * 1024];

#define __global__
#define __device__
#define __noinline__
#define __shared__ thread_local
#include "interpreter.cu"
#include "reduction.cu"

#include "ptx.hpp"

enum { WRONG = -1, SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_CONTEXT = 201, NO_BINARY_FOR_GPU = 209, INVALID_PTX = 218, NOT_FOUND = 500, LAUNCH_FAILED = 719 };
enum { PCI_BUS = 33, PCI_DEVICE = 34, PCI_DOMAIN = 50 };
enum { CLOCK_KILOHERTZ = 13, MULTIPROCESSORS = 16, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };
enum { JIT_ERROR_LOG = 5, JIT_ERROR_LOG_BYTES = 6 };
enum { MOST_DEVICES = 8 };
enum Call { LOAD, LINK, ALLOCATE, LAUNCH, LAUNCH_MOMENTS, LAUNCH_SIFT, CALLS };
static const char* const CALL_NAMES[CALLS] = {"load", "link", "allocate", "launch", "moments", "sift"};

// A device is its own context.
struct Device {
    std::mutex busy;
    int made[CALLS] = {};
    // The error that it ends every call with.
    int broken = SUCCESS;
};

static Device devices[MOST_DEVICES];
static thread_local Device* current;

// The kernels, in the order of their modules.
enum Kernel { INTERPRET, MOMENTS, SIFT, KERNELS };
static const char* const KERNEL_NAMES[KERNELS] = {"fermiac_interpret", "fermiac_moments", "fermiac_sift"};
// A kernel and a module are known by where their letter is.
static char handles[KERNELS];

static int device_count() {
    const char* count = std::getenv("STAND_IN_DEVICES");
    return count ? std::atoi(count) : 1;
}

static bool breaks_context(int error) {
    return error != INVALID_VALUE && error != OUT_OF_MEMORY && error != INVALID_PTX && error != 701;
}

// What a call on the current device comes to before it is made.
static int begin(Call call) {
    if (!current) return INVALID_CONTEXT;
    std::lock_guard<std::mutex> lock(current->busy);
    if (current->broken) return current->broken;
    int made = ++current->made[call], device = 0, at = 0, error = 0;
    char name[16] = "";
    const char* fault = std::getenv("STAND_IN_FAULT");
    bool is_told = fault && std::sscanf(fault, "%d %15s %d %d", &device, name, &at, &error) == 4;
    if (!is_told || current != &devices[device] || std::strcmp(name, CALL_NAMES[call]) != 0 || made != at) return SUCCESS;
    std::fprintf(stderr, "STAND_IN_FAULT: %s\n", fault);
    if (error != WRONG && breaks_context(error)) current->broken = error;
    return error;
}

// What waits to be done, in order; each step comes to an error or to none.
struct Stream {
    std::vector<std::function<int()>> steps;
};

struct Event {
    std::chrono::steady_clock::time_point at;
};

// The kernels that were made for plans. Their modules and functions are one.
static std::mutex making;
static std::set<const void*> all_made;

static bool is_made(const void* handle) {
    std::lock_guard<std::mutex> lock(making);
    return all_made.count(handle) != 0;
}

static ptx::Kernel* made(const std::string& text) {
    ptx::Kernel* kernel = new ptx::Kernel(text);
    std::lock_guard<std::mutex> lock(making);
    all_made.insert(kernel);
    return kernel;
}

static void unmake(ptx::Kernel* kernel) {
    std::lock_guard<std::mutex> lock(making);
    all_made.erase(kernel);
    delete kernel;
}

struct Grid {
    unsigned blocks, threads;
};

// Has a kernel that was made for a plan run when the stream is waited for.
static int launch(const ptx::Kernel* kernel, Grid grid, void** arguments, Stream* stream) {
    std::vector<u64> words;
    for (int argument = 0; argument < 5; argument++) words.push_back(*(u64*)arguments[argument]);
    stream->steps.push_back([=]() -> int {
        int error = begin(LAUNCH);
        if (error != SUCCESS && error != WRONG) return error;
        try {
            for (unsigned block = 0; block < grid.blocks; block++) {
                for (unsigned thread = 0; thread < grid.threads; thread++) {
                    kernel->run({block, grid.blocks, grid.threads, thread}, words);
                }
            }
        } catch (const std::exception& error) {
            std::fprintf(stderr, "the kernel: %s\n", error.what());
            return current->broken = LAUNCH_FAILED;
        }
        if (error == WRONG) *(u64*)words[4] ^= 1;
        return SUCCESS;
    });
    return SUCCESS;
}

static const int ARGUMENTS[KERNELS] = {5, 4, 7};
// Where it writes to.
static const int RESULT[KERNELS] = {4, 3, 4};

// Has every thread of a launch do its part of a kernel, step by step where it has steps.
static void take_through(Kernel kernel, unsigned blocks, unsigned threads, const u64* a) {
    gridDim.x = blocks;
    blockDim.x = threads;
    int steps = kernel == MOMENTS ? MOMENTS_STEPS : kernel == SIFT ? SIFT_STEPS : 1;
    for (unsigned number = 0; number < blocks; number++) {
        for (int step = 0; step < steps; step++) {
            for (unsigned thread = 0; thread < threads; thread++) {
                blockIdx.x = number;
                threadIdx.x = thread;
                Block block = {shared, number, thread, threads};
                if (kernel == INTERPRET) {
                    fermiac_interpret((u64*)a[0], a[1], a[2], (double*)a[3], (double*)a[4]);
                } else if (kernel == MOMENTS) {
                    moments_step(step, block, (double*)a[0], a[1], a[2], (u64*)a[3]);
                } else {
                    sift_step(step, block, (double*)a[0], a[1], a[2], (Mesh*)a[3], (u64*)a[4], (double*)a[5], a[6]);
                }
            }
        }
    }
}

extern "C" {

int cuInit(unsigned) { return SUCCESS; }
int cuDriverGetVersion(int* version) { return *version = 12040, SUCCESS; }
int cuDeviceGetCount(int* count) { return *count = device_count(), SUCCESS; }
int cuDeviceGet(int* device, int ordinal) {
    return *device = ordinal, 0 <= ordinal && ordinal < device_count() ? SUCCESS : INVALID_VALUE;
}
int cuDeviceTotalMem_v2(size_t* bytes, int) { return *bytes = (size_t)1 << 30, SUCCESS; }

int cuDeviceGetName(char* name, int length, int) {
    std::snprintf(name, (size_t)length, "the processor, as a GPU");
    return SUCCESS;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
    switch (attribute) {
    case PCI_DOMAIN: *value = 0; break;
    case PCI_BUS: *value = device; break;
    case PCI_DEVICE: *value = 0; break;
    case CLOCK_KILOHERTZ: *value = 1000000; break;
    case MULTIPROCESSORS: *value = 3; break;
    case CAPABILITY_MAJOR: *value = 7; break;
    case CAPABILITY_MINOR: *value = 5; break;
    default: return INVALID_VALUE;
    }
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void** context, int device) { return *context = &devices[device], SUCCESS; }
int cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
int cuCtxSetCurrent(void* context) { return current = (Device*)context, SUCCESS; }

// A module is the kernel that was made for a plan, or else nothing but a handle. Machine code is for other GPUs.
int cuModuleLoadDataEx(void** module, const char* text, unsigned options, const int* names, void** values) {
    if (std::strncmp(text, "\x7f" "ELF", 4) == 0) return NO_BINARY_FOR_GPU;
    if (int error = begin(LOAD)) return error;
    for (int kernel = 0; kernel < KERNELS; kernel++) {
        std::string entry = std::string(".entry ") + KERNEL_NAMES[kernel] + "(";
        if (std::strstr(text, entry.c_str())) return *module = &handles[kernel], SUCCESS;
    }
    std::string words;
    try {
        return *module = made(text), SUCCESS;
    } catch (const std::exception& error) {
        words = error.what();
    }
    char* log = nullptr;
    size_t bytes = 0;
    for (unsigned option = 0; option < options; option++) {
        if (names[option] == JIT_ERROR_LOG) log = (char*)values[option];
        if (names[option] == JIT_ERROR_LOG_BYTES) bytes = (size_t)values[option];
    }
    if (log) std::snprintf(log, bytes, "%s", words.c_str());
    return INVALID_PTX;
}

// What a linker makes of a text is the text.
int cuLinkCreate_v2(unsigned, int*, void**, void** link) { return *link = new std::string, SUCCESS; }
int cuLinkDestroy(void* link) { return delete (std::string*)link, SUCCESS; }

int cuLinkAddData_v2(void* link, int, const char* text, size_t bytes, const char*, unsigned, int*, void**) {
    if (int error = begin(LINK)) return error;
    return ((std::string*)link)->assign(text, bytes), SUCCESS;
}

int cuLinkComplete(void* link, void** cubin, size_t* bytes) {
    std::string& text = *(std::string*)link;
    return *cubin = text.data(), *bytes = text.size(), SUCCESS;
}

int cuModuleUnload(void* module) {
    if (is_made(module)) unmake((ptx::Kernel*)module);
    return SUCCESS;
}

int cuModuleGetFunction(void** function, void* module, const char* name) {
    if (is_made(module)) return *function = module, std::strcmp(name, "fermiac_generated") == 0 ? SUCCESS : NOT_FOUND;
    for (int kernel = 0; kernel < KERNELS; kernel++) {
        if (std::strcmp(name, KERNEL_NAMES[kernel]) == 0) return *function = &handles[kernel], SUCCESS;
    }
    return NOT_FOUND;
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, size_t) { return *blocks = 2, SUCCESS; }

int cuStreamCreateWithPriority(void** stream, unsigned, int) { return *stream = new Stream, SUCCESS; }
int cuStreamDestroy_v2(void* stream) { return delete (Stream*)stream, SUCCESS; }

int cuStreamSynchronize(void* stream) {
    if (!current) return INVALID_CONTEXT;
    auto steps = std::move(((Stream*)stream)->steps);
    ((Stream*)stream)->steps.clear();
    for (const auto& step : steps) {
        if (int error = step()) return error;
    }
    return current->broken;
}

int cuEventCreate(void** event, unsigned) { return *event = new Event, SUCCESS; }
int cuEventDestroy_v2(void* event) { return delete (Event*)event, SUCCESS; }

int cuEventRecord(void* event, void* stream) {
    ((Stream*)stream)->steps.push_back([event] {
        ((Event*)event)->at = std::chrono::steady_clock::now();
        return SUCCESS;
    });
    return SUCCESS;
}

int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
    std::chrono::duration<float, std::milli> elapsed = ((Event*)end)->at - ((Event*)start)->at;
    return *milliseconds = elapsed.count(), SUCCESS;
}

int cuMemAlloc_v2(void** to, size_t bytes) {
    if (int error = begin(ALLOCATE)) return error;
    return (*to = std::malloc(bytes)) ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemFree_v2(void* memory) { return std::free(memory), SUCCESS; }
int cuMemcpyHtoD_v2(void* to, const void* from, size_t bytes) { return std::memcpy(to, from, bytes), SUCCESS; }
int cuMemcpyDtoH_v2(void* to, const void* from, size_t bytes) { return std::memcpy(to, from, bytes), SUCCESS; }
int cuMemAllocHost_v2(void** to, size_t bytes) { return (*to = std::malloc(bytes)) ? SUCCESS : OUT_OF_MEMORY; }
int cuMemFreeHost(void* memory) { return std::free(memory), SUCCESS; }

int cuMemcpyDtoHAsync_v2(void* to, const void* from, size_t bytes, void* stream) {
    ((Stream*)stream)->steps.push_back([=] { return std::memcpy(to, from, bytes), SUCCESS; });
    return SUCCESS;
}

int cuMemsetD8_v2(void* to, unsigned char value, size_t bytes) { return std::memset(to, value, bytes), SUCCESS; }

int cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, void* stream) {
    ((Stream*)stream)->steps.push_back([=] { return std::memcpy(to, from, bytes), SUCCESS; });
    return SUCCESS;
}

int cuMemsetD8Async(void* to, unsigned char value, size_t bytes, void* stream) {
    ((Stream*)stream)->steps.push_back([=] { return std::memset(to, value, bytes), SUCCESS; });
    return SUCCESS;
}

int cuLaunchKernel(
    void* function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned, unsigned, unsigned shared_bytes,
    void* stream, void** arguments, void**
) {
    if (shared_bytes > sizeof shared) return INVALID_VALUE;
    if (is_made(function)) return launch((ptx::Kernel*)function, {blocks, threads}, arguments, (Stream*)stream);
    Kernel kernel = (Kernel)((char*)function - handles);
    // Every argument is a word.
    std::vector<u64> words;
    for (int argument = 0; argument < ARGUMENTS[kernel]; argument++) words.push_back(*(u64*)arguments[argument]);
    ((Stream*)stream)->steps.push_back([=]() mutable -> int {
        int error = begin(LAUNCH);
        if (error == SUCCESS && kernel != INTERPRET) error = begin(kernel == MOMENTS ? LAUNCH_MOMENTS : LAUNCH_SIFT);
        if (error != SUCCESS && error != WRONG) return error;
        take_through(kernel, blocks, threads, words.data());
        if (error == WRONG) *(u64*)words[RESULT[kernel]] ^= 1;
        return SUCCESS;
    });
    return SUCCESS;
}

int cuGetErrorString(int error, const char** words) {
    switch (error) {
    case OUT_OF_MEMORY: *words = "out of memory"; break;
    case 214: *words = "uncorrectable ECC error encountered"; break;
    case 719: *words = "unspecified launch failure"; break;
    default: *words = "another error";
    }
    return SUCCESS;
}

}
