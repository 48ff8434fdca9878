export * from "@stomp/stompjs";
