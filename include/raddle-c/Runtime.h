/*===- raddle-c/Runtime.h - running compiled models from C ----------------===*\
|*                                                                            *|
|* The stable interface of the runtime, for C and for bindings of other       *|
|* languages; libRaddleRuntime.so exports nothing else.                       *|
|*                                                                            *|
|*   RaddleDevice *device;                                                    *|
|*   RaddleModel *model;                                                      *|
|*   RaddleSession *session;                                                  *|
|*   RaddleOutputs *outputs;                                                  *|
|*   if (raddleDeviceOpen(RADDLE_DEVICE_AUTO, 0, &device) ||                  *|
|*       raddleModelLoad(device, "model.raddle", &model) ||                   *|
|*       raddleSessionCreate(model, &session) ||                              *|
|*       raddleSessionRun(session, inputs, numInputs, NULL, 0, &outputs))     *|
|*     fputs(raddleLastError(), stderr);                                      *|
|*                                                                            *|
|* Functions that can fail return 0 on success, else 1 and leave a message    *|
|* for raddleLastError. Strings are UTF-8, valid as long as the object they   *|
|* were asked of. Functions are safe to call from several threads, except     *|
|* that one session serves one thread at a time. An object stays alive as     *|
|* long as another one needs it, in whatever order they are destroyed;        *|
|* destroying NULL does nothing.                                              *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef RADDLE_C_RUNTIME_H
#define RADDLE_C_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define RADDLE_C_EXPORT __attribute__((visibility("default")))
#else
#define RADDLE_C_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when something is added; nothing is removed or changed within a major
   version, which is the number divided by 1000. */
#define RADDLE_C_API_VERSION 1000

typedef struct RaddleDevice RaddleDevice;
typedef struct RaddleModel RaddleModel;
typedef struct RaddleSession RaddleSession;
typedef struct RaddleOutputs RaddleOutputs;

typedef int32_t RaddleDeviceKind;
enum {
  RADDLE_DEVICE_AUTO = 0, /* a GPU when there is one, else the virtual GPU */
  RADDLE_DEVICE_VGPU = 1,
  RADDLE_DEVICE_CUDA = 2
};

typedef int32_t RaddleType;
enum {
  RADDLE_TYPE_I1 = 0, /* one byte, 0 or 1 */
  RADDLE_TYPE_I8 = 1,
  RADDLE_TYPE_U8 = 2,
  RADDLE_TYPE_I16 = 3,
  RADDLE_TYPE_U16 = 4,
  RADDLE_TYPE_I32 = 5,
  RADDLE_TYPE_U32 = 6,
  RADDLE_TYPE_I64 = 7,
  RADDLE_TYPE_U64 = 8,
  RADDLE_TYPE_F16 = 9,
  RADDLE_TYPE_BF16 = 10,
  RADDLE_TYPE_F32 = 11,
  RADDLE_TYPE_F64 = 12
};

typedef int32_t RaddleMemory;
enum {
  RADDLE_MEMORY_HOST = 0,
  RADDLE_MEMORY_DEVICE = 1 /* an address on the model's device */
};

/* A dense row-major tensor. */
typedef struct {
  const char *name;
  RaddleType type;
  RaddleMemory memory;
  size_t rank;
  const int64_t *shape;
  const void *data; /* may be NULL without elements */
} RaddleTensor;

/* Memory of the caller that takes an output. */
typedef struct {
  const char *name;
  RaddleMemory memory;
  void *data;
  uint64_t capacity; /* in bytes */
} RaddleOutputMemory;

RADDLE_C_EXPORT int raddleApiVersion(void);

/* The message of the last failed call of this thread; "" if there is none.
   Valid until the thread's next call. */
RADDLE_C_EXPORT const char *raddleLastError(void);

RADDLE_C_EXPORT int raddleDeviceOpen(RaddleDeviceKind kind, int ordinal,
                                     RaddleDevice **device);
RADDLE_C_EXPORT void raddleDeviceDestroy(RaddleDevice *device);
RADDLE_C_EXPORT const char *raddleDeviceName(const RaddleDevice *device);
RADDLE_C_EXPORT int raddleDeviceIsVirtual(const RaddleDevice *device);

/* Loads a model and uploads its weights. */
RADDLE_C_EXPORT int raddleModelLoad(RaddleDevice *device, const char *path,
                                    RaddleModel **model);
RADDLE_C_EXPORT void raddleModelDestroy(RaddleModel *model);
RADDLE_C_EXPORT size_t raddleModelNumInputs(const RaddleModel *model);
RADDLE_C_EXPORT size_t raddleModelNumOutputs(const RaddleModel *model);
/* Of input or output `index`; NULL, 0 or RADDLE_TYPE_I1 when there is none. */
RADDLE_C_EXPORT const char *raddleModelInputName(const RaddleModel *model,
                                                 size_t index);
RADDLE_C_EXPORT RaddleType raddleModelInputType(const RaddleModel *model,
                                                size_t index);
RADDLE_C_EXPORT size_t raddleModelInputRank(const RaddleModel *model,
                                            size_t index);
/* The extent of a dim, or the dim's name with the extent -1. */
RADDLE_C_EXPORT int64_t raddleModelInputExtent(const RaddleModel *model,
                                               size_t index, size_t dim,
                                               const char **symbol);
RADDLE_C_EXPORT const char *raddleModelOutputName(const RaddleModel *model,
                                                  size_t index);
RADDLE_C_EXPORT RaddleType raddleModelOutputType(const RaddleModel *model,
                                                 size_t index);

RADDLE_C_EXPORT int raddleSessionCreate(RaddleModel *model,
                                        RaddleSession **session);
RADDLE_C_EXPORT void raddleSessionDestroy(RaddleSession *session);
/* Runs the model and waits for it. `memories` may be NULL; outputs without one
   are owned by `*outputs`, on the host. */
RADDLE_C_EXPORT int
raddleSessionRun(RaddleSession *session, const RaddleTensor *inputs,
                 size_t numInputs, const RaddleOutputMemory *memories,
                 size_t numMemories, RaddleOutputs **outputs);
RADDLE_C_EXPORT void raddleSessionResetStates(RaddleSession *session);
/* Kernel launches and seconds of the last run. */
RADDLE_C_EXPORT uint64_t raddleSessionLaunches(const RaddleSession *session);
RADDLE_C_EXPORT double raddleSessionSeconds(const RaddleSession *session);

RADDLE_C_EXPORT void raddleOutputsDestroy(RaddleOutputs *outputs);
RADDLE_C_EXPORT size_t raddleOutputsSize(const RaddleOutputs *outputs);
/* By the number of the model's output; 1 when there is none. */
RADDLE_C_EXPORT int raddleOutputsGet(const RaddleOutputs *outputs, size_t index,
                                     RaddleTensor *tensor);

#ifdef __cplusplus
}
#endif

#endif /* RADDLE_C_RUNTIME_H */
