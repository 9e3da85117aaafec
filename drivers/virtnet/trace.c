// SPDX-License-Identifier: GPL-2.0
/* The one place where the tracepoints are made. */
#include <virtnet/virtnet.h>

/* After the headers above, which have tracepoints of others in them. */
#define CREATE_TRACE_POINTS
#include <virtnet/trace.h>
