/* What the files of lrscope._native share.

The functions here do the usual case of what happens at every step, and nothing else:
whenever something is not as it was at the step before, they change nothing and call
the function in Python that knows all cases. So there is nothing that only C can do,
and a machine without a compiler records the same (docs/decisions/0020).
*/

#ifndef LRSCOPE_NATIVE_H
#define LRSCOPE_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <frameobject.h> // PyFrame_GetBack before Python 3.11
#include <stdint.h>
#include <structmember.h>

#ifdef Py_GIL_DISABLED
#error "these functions rely on the GIL; without it lrscope records in Python alone"
#endif

#define MOST_PARTS 8

/* A function that remembers what it works with: a closure. It binds to an instance
   as functions of Python do, and takes what functools.wraps gives it. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *dict;
    PyObject *weakrefs;
    PyObject *part[MOST_PARTS]; /* the first one is the function in Python */
    Py_ssize_t number[2];
    Py_buffer memory; /* of a store */
} Function;

#define SLOW 0

extern PyTypeObject FunctionType;
extern PyTypeObject LookType;
extern PyTypeObject PartType;

/* Return a new function, or NULL. The parts are borrowed. */
PyObject *new_function(vectorcallfunc call, PyObject *const *parts, Py_ssize_t count);

/* Call a function while an entry, made of numbers, is in a list; it is taken over. */
PyObject *call_listed(PyObject *function, PyObject *const *args, size_t nargsf,
                      PyObject *kwnames, PyObject *list, PyObject *entry);

/* Do it in Python. */
static inline PyObject *
slowly(Function *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    return PyObject_Vectorcall(self->part[SLOW], args, nargsf, kwnames);
}

/* After a failure: 1 if Python is to have a try, 0 if the exception is not ours to
   catch (Ctrl-C). */
static inline int
may_try_again(void)
{
    if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception)) {
        return 0;
    }
    PyErr_Clear();
    return 1;
}

/* Return the number of this thread, as threading.get_ident() does. */
static inline unsigned long
own_thread(void)
{
    return PyThreadState_Get()->thread_id;
}

/* An attribute of a class with __slots__ is a pointer at a fixed place. */
typedef struct {
    const char *name;
    Py_ssize_t *offset;
} Slot;

/* Find where the slots of a class are; -1 with an exception if one is missing. */
int find_slots(PyObject *type, const Slot *slots);

static inline PyObject *
get(PyObject *object, Py_ssize_t offset)
{
    return *(PyObject **)((char *)object + offset);
}

/* Set a slot to a new reference. */
static inline void
put(PyObject *object, Py_ssize_t offset, PyObject *value)
{
    PyObject **place = (PyObject **)((char *)object + offset);
    PyObject *old = *place;
    *place = value;
    Py_XDECREF(old);
}

/* Say whether a weak reference is to an object, which is alive. */
static inline int
refers_to(PyObject *reference, PyObject *object)
{
    return PyWeakref_CheckRefExact(reference)
           && ((PyWeakReference *)reference)->wr_object == object;
}

static inline PyObject *
new_reference(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

/* Return what a weak reference is to, as a new reference; NULL if it is gone. */
static inline PyObject *
referent(PyObject *reference)
{
    PyObject *object = ((PyWeakReference *)reference)->wr_object;
    return object == Py_None || Py_REFCNT(object) <= 0 ? NULL : new_reference(object);
}

/* Take the last element off a list. It keeps its memory for the next one, where
   PyList_SetSlice would give it back at every step. */
static inline void
drop_last(PyObject *list)
{
    Py_ssize_t last = PyList_GET_SIZE(list) - 1;
    PyObject *element = PyList_GET_ITEM(list, last);
    Py_SET_SIZE(list, last);
    Py_DECREF(element);
}

/* Return the offset of the instruction that a frame is at. */
static inline int
last_instruction(PyFrameObject *frame)
{
#if PY_VERSION_HEX >= 0x030B0000
    return PyFrame_GetLasti(frame);
#else
    PyObject *number = PyObject_GetAttrString((PyObject *)frame, "f_lasti");
    int found = number == NULL ? -1 : (int)PyLong_AsLong(number);
    Py_XDECREF(number);
    return found;
#endif
}

/* Say whether a frame is at an instruction of a code, given as an int. */
static inline int
is_at(PyFrameObject *frame, PyObject *code, PyObject *lasti)
{
    PyObject *own = (PyObject *)PyFrame_GetCode(frame);
    Py_DECREF(own); /* the frame keeps it */
    return own == code && last_instruction(frame) == PyLong_AsLong(lasti);
}

/* Learn where a journal (capture/journal.py) keeps its writer, and it its store. */
int learn_journal(PyObject *journal, PyObject *writer_type);

/* Say whether a journal has a writer. */
int is_open(PyObject *journal);

/* Keep the rates that a scheduler wrote, with the watch of an optimizer (steps.c). */
void note_written(PyObject *watch, PyObject *scheduler);

/* Store a row and return its number, if the journal is open. */
PyObject *store_row(PyObject *journal, PyObject *code, PyObject *values);

PyObject *make_before(PyObject *, PyObject *);
PyObject *make_after(PyObject *, PyObject *);
PyObject *make_narrow(PyObject *, PyObject *);
PyObject *make_wide(PyObject *, PyObject *);
PyObject *make_stepped(PyObject *, PyObject *);
PyObject *make_backward(PyObject *, PyObject *);
PyObject *make_next(PyObject *, PyObject *);
PyObject *make_not_due(PyObject *, PyObject *);
PyObject *make_counted(PyObject *, PyObject *);
PyObject *add_up(PyObject *, PyObject *);

extern PyObject *lr; /* the string */

int steps_ready(void);

#endif
