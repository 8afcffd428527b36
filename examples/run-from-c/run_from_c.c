/* Runs a compiled model with one f32 input on the numbers of the command line:
 *
 *   run-from-c model.raddle 1 -2 0.25
 */

#include "raddle-c/Runtime.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what) {
  fprintf(stderr, "run-from-c: %s: %s\n", what, raddleLastError());
  return 1;
}

static void printOutput(const RaddleTensor *output) {
  int64_t count = 1;
  for (size_t d = 0; d < output->rank; ++d)
    count *= output->shape[d];
  printf("%s:", output->name);
  if (output->type == RADDLE_TYPE_F32)
    for (int64_t i = 0; i < count; ++i)
      printf(" %g", ((const float *)output->data)[i]);
  else
    printf(" %lld elements of another type", (long long)count);
  printf("\n");
}

static int run(RaddleModel *model, RaddleSession *session, const float *numbers,
               int64_t count) {
  /* Types and shapes are checked by the call: a wrong one is an error that
     says what was expected. */
  RaddleTensor input = {raddleModelInputName(model, 0),
                        RADDLE_TYPE_F32,
                        RADDLE_MEMORY_HOST,
                        1,
                        &count,
                        numbers};
  RaddleOutputs *outputs;
  if (raddleSessionRun(session, &input, 1, NULL, 0, &outputs))
    return fail("cannot run the model");
  for (size_t i = 0; i < raddleOutputsSize(outputs); ++i) {
    RaddleTensor output;
    if (raddleOutputsGet(outputs, i, &output))
      return fail("cannot get an output");
    printOutput(&output);
  }
  raddleOutputsDestroy(outputs);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: run-from-c MODEL NUMBER...\n");
    return 1;
  }
  int64_t count = argc - 2;
  float *numbers = malloc((size_t)count * sizeof(float));
  if (!numbers)
    return 1;
  for (int64_t i = 0; i < count; ++i)
    numbers[i] = strtof(argv[i + 2], NULL);

  RaddleDevice *device;
  RaddleModel *model;
  RaddleSession *session;
  if (raddleDeviceOpen(RADDLE_DEVICE_AUTO, 0, &device))
    return fail("cannot open a device");
  if (raddleModelLoad(device, argv[1], &model))
    return fail("cannot load the model");
  if (raddleSessionCreate(model, &session))
    return fail("cannot create a session");
  printf("device: %s%s\n", raddleDeviceName(device),
         raddleDeviceIsVirtual(device) ? " (virtual)" : "");
  int status = run(model, session, numbers, count);
  raddleSessionDestroy(session);
  raddleModelDestroy(model);
  raddleDeviceDestroy(device);
  free(numbers);
  return status;
}
