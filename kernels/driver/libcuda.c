// Stands in for NVIDIA's driver where a program is linked: each call looks the driver's own function up when it is first
// made. So a build needs no CUDA, and the program starts where there is no driver, on which it answers "no device".
//
// All functions of the driver take integers and pointers, at most eleven: passing on so many words passes on whatever
// the caller gave. What lies above a caller's arguments is read and passed on too, and nobody looks at it.
#include <dlfcn.h>
#include <stddef.h>

#define NO_DEVICE 100
#define NO_SUCH_FUNCTION 500
#define UNKNOWN 999

typedef long Word;
typedef int (*Function)(Word, Word, Word, Word, Word, Word, Word, Word, Word, Word, Word);

// The driver, or null where there is none. Threads may race: the loader gives all of them the same.
static void *driver(void) {
    static void *loaded;
    void *handle = __atomic_load_n(&loaded, __ATOMIC_ACQUIRE);
    if (!handle) {
        handle = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
        __atomic_store_n(&loaded, handle, __ATOMIC_RELEASE);
    }
    return handle;
}

// Why there is no driver, in the loader's words; null where there is one. The words are the thread's, until its next call.
const char *fermiac_why_no_driver(void) {
    if (driver()) return NULL;
    // The attempt before this one may have been another thread's, whose words this thread does not hear.
    dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    const char *words = dlerror();
    return words ? words : "libcuda.so.1 does not load";
}

static void *found(const char *name) {
    void *handle = driver();
    return handle ? dlsym(handle, name) : NULL;
}

// `cust` takes errors to an enumeration of CUDA 11.4, in which the codes of later drivers have no place.
static int known(int error) {
    switch (error) {
    case 0 ... 8: case 34: case 100 ... 102: case 200 ... 202: case 205 ... 224: case 300 ... 304: case 400 ... 401:
    case 500: case 600: case 700 ... 705: case 708 ... 720: case 800 ... 809: case 900 ... 911: case 999:
        return error;
    default:
        return UNKNOWN;
    }
}

#define FORWARD(name)                                                                                                 \
    int name(Word a, Word b, Word c, Word d, Word e, Word f, Word g, Word h, Word i, Word j, Word k) {                \
        static Function function;                                                                                     \
        Function own = __atomic_load_n(&function, __ATOMIC_ACQUIRE);                                                  \
        if (!own) {                                                                                                   \
            own = (Function)found(#name);                                                                             \
            if (!own) return driver() ? NO_SUCH_FUNCTION : NO_DEVICE;                                                 \
            __atomic_store_n(&function, own, __ATOMIC_RELEASE);                                                       \
        }                                                                                                             \
        return known(own(a, b, c, d, e, f, g, h, i, j, k));                                                           \
    }

// Errors are put in words where there is no driver too.
int cuGetErrorString(int error, const char **words) {
    int (*own)(int, const char **) = (int (*)(int, const char **))found("cuGetErrorString");
    if (own) return own(error, words);
    *words = error == NO_DEVICE ? "no CUDA device, nor a driver" : "an error of a driver that is not there";
    return 0;
}

// What the crate `cust` calls.
FORWARD(cuArray3DCreate_v2) FORWARD(cuArray3DGetDescriptor_v2) FORWARD(cuArrayDestroy) FORWARD(cuCtxCreate_v2)
FORWARD(cuCtxDestroy_v2) FORWARD(cuCtxGetApiVersion) FORWARD(cuCtxGetCacheConfig) FORWARD(cuCtxGetCurrent)
FORWARD(cuCtxGetDevice) FORWARD(cuCtxGetFlags) FORWARD(cuCtxGetLimit) FORWARD(cuCtxGetSharedMemConfig)
FORWARD(cuCtxGetStreamPriorityRange) FORWARD(cuCtxPopCurrent_v2) FORWARD(cuCtxPushCurrent_v2)
FORWARD(cuCtxSetCacheConfig) FORWARD(cuCtxSetCurrent) FORWARD(cuCtxSetLimit) FORWARD(cuCtxSetSharedMemConfig)
FORWARD(cuCtxSynchronize) FORWARD(cuDestroyExternalMemory) FORWARD(cuDeviceGet) FORWARD(cuDeviceGetAttribute)
FORWARD(cuDeviceGetCount) FORWARD(cuDeviceGetName) FORWARD(cuDevicePrimaryCtxRelease_v2)
FORWARD(cuDevicePrimaryCtxReset_v2) FORWARD(cuDevicePrimaryCtxRetain) FORWARD(cuDevicePrimaryCtxSetFlags_v2)
FORWARD(cuDeviceTotalMem_v2) FORWARD(cuDriverGetVersion) FORWARD(cuEventCreate) FORWARD(cuEventDestroy_v2)
FORWARD(cuEventElapsedTime) FORWARD(cuEventQuery) FORWARD(cuEventRecord) FORWARD(cuEventSynchronize)
FORWARD(cuExternalMemoryGetMappedBuffer) FORWARD(cuFuncGetAttribute) FORWARD(cuFuncSetCacheConfig)
FORWARD(cuFuncSetSharedMemConfig) FORWARD(cuGraphAddKernelNode) FORWARD(cuGraphCreate) FORWARD(cuGraphDebugDotPrint)
FORWARD(cuGraphDestroy) FORWARD(cuGraphGetEdges) FORWARD(cuGraphGetNodes) FORWARD(cuGraphKernelNodeGetParams)
FORWARD(cuGraphNodeGetType) FORWARD(cuImportExternalMemory) FORWARD(cuInit) FORWARD(cuLaunchHostFunc)
FORWARD(cuLaunchKernel) FORWARD(cuLinkAddData_v2) FORWARD(cuLinkComplete) FORWARD(cuLinkCreate_v2)
FORWARD(cuLinkDestroy) FORWARD(cuMemAdvise) FORWARD(cuMemAllocAsync) FORWARD(cuMemAllocHost_v2)
FORWARD(cuMemAllocManaged) FORWARD(cuMemAlloc_v2) FORWARD(cuMemFreeAsync) FORWARD(cuMemFreeHost)
FORWARD(cuMemFree_v2) FORWARD(cuMemGetInfo_v2) FORWARD(cuMemPrefetchAsync) FORWARD(cuMemcpy2D_v2)
FORWARD(cuMemcpyAtoH_v2) FORWARD(cuMemcpyDtoDAsync_v2) FORWARD(cuMemcpyDtoD_v2) FORWARD(cuMemcpyDtoHAsync_v2)
FORWARD(cuMemcpyDtoH_v2) FORWARD(cuMemcpyHtoA_v2) FORWARD(cuMemcpyHtoDAsync_v2) FORWARD(cuMemcpyHtoD_v2)
FORWARD(cuMemsetD16Async) FORWARD(cuMemsetD16_v2) FORWARD(cuMemsetD32Async) FORWARD(cuMemsetD32_v2)
FORWARD(cuMemsetD8Async) FORWARD(cuMemsetD8_v2) FORWARD(cuModuleGetFunction) FORWARD(cuModuleGetGlobal_v2)
FORWARD(cuModuleLoad) FORWARD(cuModuleLoadData) FORWARD(cuModuleLoadDataEx) FORWARD(cuModuleUnload)
FORWARD(cuOccupancyAvailableDynamicSMemPerBlock) FORWARD(cuOccupancyMaxActiveBlocksPerMultiprocessor)
FORWARD(cuOccupancyMaxPotentialBlockSize) FORWARD(cuStreamCreateWithPriority) FORWARD(cuStreamDestroy_v2)
FORWARD(cuStreamGetFlags) FORWARD(cuStreamGetPriority) FORWARD(cuStreamSynchronize) FORWARD(cuStreamWaitEvent)
FORWARD(cuSurfObjectCreate) FORWARD(cuSurfObjectDestroy) FORWARD(cuSurfObjectGetResourceDesc)
FORWARD(cuTexObjectCreate) FORWARD(cuTexObjectDestroy) FORWARD(cuTexObjectGetResourceDesc)
FORWARD(cuTexObjectGetResourceViewDesc)
