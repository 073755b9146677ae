// Sends events as a feed written in Java does: java -cp 'libs/*' Sender.java <address>, the events as a JSON list on standard
// input. For each event and mode a line of JSON on standard output: mode, status, what was answered.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.message.MessageWriter;
import io.cloudevents.http.HttpMessageFactory;
import io.cloudevents.jackson.JsonCloudEventData;
import io.cloudevents.jackson.JsonFormat;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

public class Sender {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        URI address = URI.create(arguments[0]);
        List<String> written = new ArrayList<>();
        for (JsonNode stated : JSON.readTree(System.in)) {
            CloudEvent event = event(stated);
            Request structured = new Request();
            structured.writer().writeStructured(event, new JsonFormat());
            send("structured", address, structured);
            Request binary = new Request();
            binary.writer().writeBinary(event);
            send("binary", address, binary);
            written.add(new String(structured.body, StandardCharsets.UTF_8));
        }
        // The SDK writes no batch: what it writes of each event stands in a list.
        Request batch = new Request();
        batch.headers.add("content-type");
        batch.headers.add("application/cloudevents-batch+json; charset=UTF-8");
        batch.body = ("[" + String.join(",", written) + "]").getBytes(StandardCharsets.UTF_8);
        send("batch", address, batch);
    }

    private static CloudEvent event(JsonNode stated) {
        CloudEventBuilder builder = CloudEventBuilder.v1();
        stated.fields().forEachRemaining(field -> {
            String text = field.getValue().asText();
            switch (field.getKey()) {
                case "id" -> builder.withId(text);
                case "source" -> builder.withSource(URI.create(text));
                case "type" -> builder.withType(text);
                case "subject" -> builder.withSubject(text);
                case "time" -> builder.withTime(OffsetDateTime.parse(text));
                case "dataschema" -> builder.withDataSchema(URI.create(text));
                case "datacontenttype" -> builder.withDataContentType(text);
                case "data" -> builder.withData(JsonCloudEventData.wrap(field.getValue()));
                default -> {
                    // The SDK fails on an extension of null.
                    if (field.getValue().isNumber()) {
                        builder.withExtension(field.getKey(), field.getValue().numberValue());
                    } else if (!field.getValue().isNull()) {
                        builder.withExtension(field.getKey(), text);
                    }
                }
            }
        });
        return builder.build();
    }

    private static void send(String mode, URI address, Request request) throws Exception {
        HttpRequest made = HttpRequest.newBuilder(address)
            .headers(request.headers.toArray(String[]::new))
            .POST(HttpRequest.BodyPublishers.ofByteArray(request.body))
            .build();
        HttpResponse<String> answer = CLIENT.send(made, HttpResponse.BodyHandlers.ofString());
        System.out.println(JSON.createObjectNode()
            .put("mode", mode)
            .put("status", answer.statusCode())
            .set("answer", JSON.readTree(answer.body())));
    }

    private static class Request {
        final List<String> headers = new ArrayList<>();
        byte[] body = new byte[0];

        MessageWriter<?, ?> writer() {
            return HttpMessageFactory.createWriter((name, value) -> {
                headers.add(name);
                headers.add(value);
            }, content -> body = content);
        }
    }
}
