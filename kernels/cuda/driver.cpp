// A driver of one GPU that is the processor: it stands in for libcuda.so.1 where the engine is tested without a GPU.
//
// Memory is memory, a launch runs the kernel's source thread by thread, and a kernel's PTX is only looked at. So all that
// the engine asks of a driver is done, but nothing is told of what NVIDIA's own would make of the PTX.
//
// The GPU fails from launch FERMIAC_TEST_LAUNCHES on, if that is set.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

struct Index {
    unsigned x;
};

static Index blockIdx, blockDim, gridDim, threadIdx;
// More than a block is given.
double shared[64 * 1024];

#define __global__
#define __shared__
#include "interpreter.cu"

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_PTX = 218, NOT_FOUND = 500, LAUNCH_FAILED = 719 };
enum { MULTIPROCESSORS = 16, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };
enum { JIT_ERROR_LOG = 5, JIT_ERROR_LOG_BYTES = 6 };

static char handle;
static std::mutex launching;
static int launches = 0;

static int give_handle(void** to) {
    *to = &handle;
    return SUCCESS;
}

extern "C" {

int cuInit(unsigned) { return SUCCESS; }
int cuDriverGetVersion(int* version) { return *version = 12040, SUCCESS; }
int cuDeviceGetCount(int* count) { return *count = 1, SUCCESS; }
int cuDeviceGet(int* device, int ordinal) { return *device = ordinal, ordinal == 0 ? SUCCESS : INVALID_VALUE; }
int cuDeviceTotalMem_v2(size_t* bytes, int) { return *bytes = (size_t)1 << 30, SUCCESS; }

int cuDeviceGetName(char* name, int length, int) {
    std::snprintf(name, (size_t)length, "the processor, as a GPU");
    return SUCCESS;
}

int cuDeviceGetAttribute(int* value, int attribute, int) {
    switch (attribute) {
    case MULTIPROCESSORS: *value = 3; break;
    case CAPABILITY_MAJOR: *value = 7; break;
    case CAPABILITY_MINOR: *value = 5; break;
    default: return INVALID_VALUE;
    }
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void** context, int) { return give_handle(context); }
int cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
int cuCtxSetCurrent(void*) { return SUCCESS; }

int cuModuleLoadDataEx(void** module, const char* ptx, unsigned options, const int* names, void** values) {
    if (std::strstr(ptx, ".entry fermiac_interpret(")) return give_handle(module);
    char* log = nullptr;
    size_t bytes = 0;
    for (unsigned option = 0; option < options; option++) {
        if (names[option] == JIT_ERROR_LOG) log = (char*)values[option];
        if (names[option] == JIT_ERROR_LOG_BYTES) bytes = (size_t)values[option];
    }
    if (log) std::snprintf(log, bytes, "there is no kernel in it");
    return INVALID_PTX;
}

int cuModuleUnload(void*) { return SUCCESS; }

int cuModuleGetFunction(void** function, void*, const char* name) {
    return std::strcmp(name, "fermiac_interpret") == 0 ? give_handle(function) : NOT_FOUND;
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, size_t) { return *blocks = 2, SUCCESS; }

int cuStreamCreateWithPriority(void** stream, unsigned, int) { return give_handle(stream); }
int cuStreamDestroy_v2(void*) { return SUCCESS; }
int cuStreamSynchronize(void*) { return SUCCESS; }

int cuMemAlloc_v2(void** to, size_t bytes) { return (*to = std::malloc(bytes)) ? SUCCESS : OUT_OF_MEMORY; }
int cuMemFree_v2(void* memory) { return std::free(memory), SUCCESS; }
int cuMemcpyHtoD_v2(void* to, const void* from, size_t bytes) { return std::memcpy(to, from, bytes), SUCCESS; }
int cuMemcpyDtoH_v2(void* to, const void* from, size_t bytes) { return std::memcpy(to, from, bytes), SUCCESS; }
int cuMemsetD8_v2(void* to, unsigned char value, size_t bytes) { return std::memset(to, value, bytes), SUCCESS; }

int cuLaunchKernel(
    void*, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned, unsigned, unsigned shared_bytes, void*,
    void** arguments, void**
) {
    std::lock_guard<std::mutex> one_at_a_time(launching);
    const char* most = std::getenv("FERMIAC_TEST_LAUNCHES");
    if (most && launches++ >= std::atoi(most)) return LAUNCH_FAILED;
    if (shared_bytes > sizeof shared) return INVALID_VALUE;
    gridDim.x = blocks;
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {
        for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++) {
            fermiac_interpret(
                *(const u64**)arguments[0], *(u64*)arguments[1], *(u64*)arguments[2], *(double**)arguments[3],
                *(double**)arguments[4]
            );
        }
    }
    return SUCCESS;
}

int cuGetErrorString(int error, const char** words) {
    *words = error == LAUNCH_FAILED ? "unspecified launch failure" : "another error";
    return SUCCESS;
}

}
