#include "border.h"

#include "../fasta.h"

PyDoc_STRVAR(encode_doc,
             "encode(kind, data, table, out) -> (written, consumed, lines)\n\n"
             "Translate the bytes of data through the 256 entries of table into out, leaving out\n"
             "bytes that map to SKIP and stopping at one that maps to INVALID.");

static PyObject *encode(const struct call *c) {
    const Py_buffer *data = &c->b[0], *table = &c->b[1], *out = &c->b[2];
    if (table->len != 256) return seqnet_refuse("table must hold 256 bytes");
    if (out->len < data->len) return seqnet_refuse("out must be at least as long as data");
    struct encoded done;
    Py_BEGIN_ALLOW_THREADS
    done = seqnet_encode(c->kind, data->buf, (size_t)data->len, table->buf, out->buf);
    Py_END_ALLOW_THREADS
    return Py_BuildValue("nnn", (Py_ssize_t)done.written, (Py_ssize_t)done.consumed, (Py_ssize_t)done.lines);
}

PyDoc_STRVAR(encode_records_doc,
             "encode_records(kind, data, table, out, ends, names) -> (count, consumed, lines, named)\n\n"
             "Translate whole records of FASTA text, at most as many as ends has room for.");

static PyObject *encode_records(const struct call *c) {
    const Py_buffer *data = &c->b[0], *table = &c->b[1], *out = &c->b[2], *ends = &c->b[3], *names = &c->b[4];
    const Py_ssize_t limit = items(ends, sizeof(int64_t));
    if (table->len != 256) return seqnet_refuse("table must hold 256 bytes");
    if (out->len < data->len || names->len < data->len)
        return seqnet_refuse("out and names must be at least as long as data");
    if (!seqnet_holds(ends, limit, sizeof(int64_t), "ends")) return NULL;
    struct records done;
    Py_BEGIN_ALLOW_THREADS
    done = seqnet_records(c->kind, data->buf, (size_t)data->len, table->buf, (size_t)limit, out->buf,
                          ends->buf, names->buf);
    Py_END_ALLOW_THREADS
    return Py_BuildValue("nnnn", (Py_ssize_t)done.count, (Py_ssize_t)done.consumed, (Py_ssize_t)done.lines,
                         (Py_ssize_t)done.named);
}

struct function seqnet_border_fasta[] = {
    FUNCTION(encode, "krrw"),
    FUNCTION(encode_records, "krrwww"),
    END_OF_FUNCTIONS,
};
