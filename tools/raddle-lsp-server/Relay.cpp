//===- Relay.cpp - Between an editor and MLIR's language server -----------===//
#include "Relay.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <mutex>
#include <optional>
#include <thread>

using namespace raddle;
namespace json = llvm::json;

/// The next message, or nothing at the end.
static std::optional<std::string> readMessage(std::FILE *in) {
  size_t length = 0;
  char line[4096];
  while (std::fgets(line, sizeof(line), in)) {
    llvm::StringRef header = llvm::StringRef(line).trim();
    if (header.empty() && length > 0) {
      std::string body(length, '\0');
      if (std::fread(body.data(), 1, length, in) != length)
        return std::nullopt;
      return body;
    }
    if (header.consume_front_insensitive("content-length:"))
      (void)header.trim().getAsInteger(10, length);
  }
  return std::nullopt;
}

static void writeMessage(std::FILE *out, llvm::StringRef body) {
  std::fprintf(out, "Content-Length: %zu\r\n\r\n", body.size());
  std::fwrite(body.data(), 1, body.size(), out);
  std::fflush(out);
}

static std::string print(const json::Value &value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

namespace {

/// What has to be known of the editor's messages to explain a place.
class Session {
public:
  void noteRequest(const json::Value &message);
  /// The document and place that a message answers about.
  std::optional<std::pair<std::string, Position>>
  takeHover(const json::Object &reply);

private:
  std::mutex mutex;
  llvm::StringMap<std::string> documents;
  /// By the id of the request.
  std::map<std::string, std::pair<std::string, Position>> hovers;
};

} // namespace

void Session::noteRequest(const json::Value &message) {
  const json::Object *object = message.getAsObject();
  const json::Object *params = object ? object->getObject("params") : nullptr;
  std::optional<llvm::StringRef> method =
      object ? object->getString("method") : std::nullopt;
  const json::Object *document =
      params ? params->getObject("textDocument") : nullptr;
  std::optional<llvm::StringRef> uri =
      document ? document->getString("uri") : std::nullopt;
  if (!method || !uri)
    return;
  std::lock_guard lock(mutex);
  if (*method == "textDocument/didOpen") {
    documents[*uri] = document->getString("text").value_or("").str();
  } else if (*method == "textDocument/didClose") {
    documents.erase(*uri);
  } else if (*method == "textDocument/didChange") {
    // The server asks for whole documents.
    if (const json::Array *changes = params->getArray("contentChanges"))
      for (const json::Value &change : *changes)
        if (const json::Object *fields = change.getAsObject())
          if (auto text = fields->getString("text"))
            documents[*uri] = text->str();
  } else if (*method == "textDocument/hover") {
    const json::Object *place = params->getObject("position");
    const json::Value *id = object->get("id");
    if (place && id)
      hovers[print(*id)] = {
          documents.lookup(*uri),
          {size_t(place->getInteger("line").value_or(0)),
           size_t(place->getInteger("character").value_or(0))}};
  }
}

std::optional<std::pair<std::string, Position>>
Session::takeHover(const json::Object &reply) {
  const json::Value *id = reply.get("id");
  if (!id || reply.get("method"))
    return std::nullopt;
  std::lock_guard lock(mutex);
  auto found = hovers.find(print(*id));
  if (found == hovers.end())
    return std::nullopt;
  auto hover = std::move(found->second);
  hovers.erase(found);
  return hover;
}

/// Adds to the server's answer; false when there is nothing to add.
static bool explainReply(json::Object &reply, const std::string &document,
                         Position position, HoverExplainer &explainer) {
  json::Object *result = reply.getObject("result");
  json::Object *contents = result ? result->getObject("contents") : nullptr;
  std::string shown =
      contents ? contents->getString("value").value_or("").str() : "";
  std::string text = explainer.explain(document, position, shown);
  if (text.empty() || reply.get("error"))
    return false;
  if (contents)
    (*contents)["value"] = shown + "\n---\n" + text;
  else
    reply["result"] = json::Object{
        {"contents", json::Object{{"kind", "markdown"}, {"value", text}}}};
  return true;
}

void raddle::relayMessages(const RelayStreams &streams,
                           HoverExplainer &explainer) {
  Session session;
  std::thread requests([&] {
    while (auto body = readMessage(streams.fromEditor)) {
      if (auto message = json::parse(*body))
        session.noteRequest(*message);
      else
        llvm::consumeError(message.takeError());
      writeMessage(streams.toServer, *body);
    }
    // The server sees the end too.
    std::fclose(streams.toServer);
  });
  while (auto body = readMessage(streams.fromServer)) {
    auto message = json::parse(*body);
    if (!message) {
      llvm::consumeError(message.takeError());
    } else if (json::Object *reply = message->getAsObject()) {
      if (auto hover = session.takeHover(*reply))
        if (explainReply(*reply, hover->first, hover->second, explainer))
          *body = print(*message);
    }
    writeMessage(streams.toEditor, *body);
  }
  // The editor may keep its side open; nobody is there to read it any more.
  requests.detach();
}
