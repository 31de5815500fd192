/* Function: a closure in C, which Python takes for one of its own. */

#include "native.h"

PyObject *
new_function(vectorcallfunc call, PyObject *const *parts, Py_ssize_t count)
{
    Function *self = PyObject_GC_New(Function, &FunctionType);
    if (self == NULL) {
        return NULL;
    }
    self->call = call;
    self->dict = NULL;
    self->weakrefs = NULL;
    memset(&self->memory, 0, sizeof self->memory);
    memset(self->number, 0, sizeof self->number);
    for (Py_ssize_t i = 0; i < MOST_PARTS; i++) {
        self->part[i] = i < count ? new_reference(parts[i]) : NULL;
    }
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

PyObject *
call_listed(PyObject *function, PyObject *const *args, size_t nargsf, PyObject *kwnames,
            PyObject *list, PyObject *entry)
{
    if (entry == NULL || PyList_Append(list, entry) < 0) {
        Py_XDECREF(entry);
        PyErr_Clear(); /* no memory for us: the training goes on */
        return PyObject_Vectorcall(function, args, nargsf, kwnames);
    }
    PyObject *result = PyObject_Vectorcall(function, args, nargsf, kwnames);
    Py_ssize_t count = PyList_GET_SIZE(list);
    if (count > 0 && PyList_GET_ITEM(list, count - 1) == entry) {
        drop_last(list);
        Py_DECREF(entry);
        return result;
    }
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    Py_ssize_t at = PySequence_Index(list, entry); /* or its equal's, which is alike */
    if (at < 0 || PyList_SetSlice(list, at, at + 1, NULL) < 0) {
        PyErr_Clear();
    }
    PyErr_Restore(type, error, trace);
    Py_DECREF(entry);
    return result;
}

static int
function_traverse(PyObject *object, visitproc visit, void *arg)
{
    Function *self = (Function *)object;
    Py_VISIT(self->dict);
    for (Py_ssize_t i = 0; i < MOST_PARTS; i++) {
        Py_VISIT(self->part[i]);
    }
    return 0;
}

static int
function_clear(PyObject *object)
{
    Function *self = (Function *)object;
    Py_CLEAR(self->dict);
    /* the parts stay: a call may still come from whoever is in the same cycle */
    return 0;
}

static void
function_dealloc(PyObject *object)
{
    Function *self = (Function *)object;
    PyObject_GC_UnTrack(object);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    Py_CLEAR(self->dict);
    for (Py_ssize_t i = 0; i < MOST_PARTS; i++) {
        Py_CLEAR(self->part[i]);
    }
    if (self->memory.obj != NULL) {
        PyBuffer_Release(&self->memory);
    }
    PyObject_GC_Del(object);
}

static PyObject *
function_bind(PyObject *self, PyObject *instance, PyObject *Py_UNUSED(type))
{
    if (instance == NULL || instance == Py_None) {
        return new_reference(self);
    }
    return PyMethod_New(self, instance);
}

/* Pickled by name, as functions are. */
static PyObject *
function_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyObject_GetAttrString(self, "__qualname__");
}

static PyMethodDef function_methods[] = {
    {"__reduce__", function_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef function_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject FunctionType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    /* by this name torch.compile knows what is bound in C; others it calls without their
       object after a graph break (torch 2.13) */
    .tp_name = "lrscope._native.cython_function_or_method",
    .tp_basicsize = sizeof(Function),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL
                | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(Function, call),
    .tp_dictoffset = offsetof(Function, dict),
    .tp_weaklistoffset = offsetof(Function, weakrefs),
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_dealloc = function_dealloc,
    .tp_descr_get = function_bind,
    .tp_methods = function_methods,
    .tp_getset = function_getset,
    .tp_getattro = PyObject_GenericGetAttr,
    .tp_setattro = PyObject_GenericSetAttr,
};

int
find_slots(PyObject *type, const Slot *slots)
{
    for (; slots->name != NULL; slots++) {
        PyObject *found = PyObject_GetAttrString(type, slots->name);
        if (found == NULL) {
            return -1;
        }
        if (!Py_IS_TYPE(found, &PyMemberDescr_Type)) {
            PyErr_Format(PyExc_TypeError, "%s is no slot of %R", slots->name, type);
            Py_DECREF(found);
            return -1;
        }
        *slots->offset = ((PyMemberDescrObject *)found)->d_member->offset;
        Py_DECREF(found);
    }
    return 0;
}
